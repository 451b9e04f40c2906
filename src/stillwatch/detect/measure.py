"""Group all fingerprints into families and measure each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook, StoredShare
from stillwatch.detect.attribution import ATTRIBUTED, CELL_MEMBER, Background, attribute, content_cells
from stillwatch.detect.coverage import COVERED, coverage
from stillwatch.detect.families import MEASURED, MEMBER, eligible_families, judge, members, stream_counts
from stillwatch.detect.lives import LIFE, LifeBook, lives
from stillwatch.detect.memory.accounts import FIRST, USE, AccountMemory, first_uses
from stillwatch.detect.memory.earlier import Earlier
from stillwatch.detect.memory.families import small
from stillwatch.detect.pools import POOLED
from stillwatch.detect.views.profiles import PROFILE, profile_groups, profiles
from stillwatch.detect.views.relatives import template_groups
from stillwatch.detect.views.rhythm import RHYTHM, rhythm_cells
from stillwatch.detect.views.ties import tied_groups
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.progress import Stages
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import HashIndex, among
from stillwatch.stats.summary import Firsts, Summary

__all__ = [
    "Columns",
    "Measured",
    "attribute_accounts",
    "followed",
    "measure_families",
    "of_accounts",
    "shares",
    "with_cells",
]

Columns = Callable[[pa.RecordBatch], Fingerprints]
"""Turns a batch of sketched rows into arrays, with templates in place of signatures."""

_VISIT: Final = ["account", "prefix"]
_ASKED: Final = ["account", "head", "topic", "n_tokens", "script", "system", "tools"]
_IN_TIME: Final = ("time_us", "exchange")


@dataclass(frozen=True, slots=True)
class Measured:
    """All families with their effects and bits, and what was learnt on the way.

    families    Table MEASURED, sorted by family.
    streams     family, account, n; sorted by family and account; eligible families only.
    accounts    What this window shows of its accounts, to be remembered.
    small       Families, ascending, that are too small to be judged and may grow.
    covered     One row: exchanges that carry each column.
    """

    families: pa.Table
    streams: pa.Table
    book: AccountBook
    grouping: Grouping
    covered: pa.Table
    n_by_account: pa.Table
    life_book: LifeBook
    accounts: AccountMemory
    small: NDArray[np.uint64]


def measure_families(  # noqa: PLR0913 - where, what, how to read it, who, what is known, and whom to tell
    engine: Engine,
    rows: Dataset,
    columns: Columns,
    accounts: pa.Table,
    stages: Stages,
    *,
    pooled: pa.Table | None = None,
    stored: StoredShare | None = None,
    earlier: Earlier | None = None,
) -> Measured:
    """Learn rhythms and first appearances, count streams, then measure every family that is large enough.

    pooled  Table POOLED: exchanges that send items of known pools; None when no pool is known.
    stored  How common attributes were in earlier windows; None when nothing is kept.
    earlier What is remembered of earlier windows: families are measured with it. Only those of this window are.
    """
    known = earlier or Earlier()
    with stages.stage("accounts"):
        today, covered = _learn_accounts(engine, rows, is_kept=earlier is not None)
        everybody = known.known(today)
        book = AccountBook.build(everybody.firsts, accounts, stored)
        life_book = LifeBook.build(known.lives(today))
    with stages.stage("ties"):
        grouping = _learn_groups(engine, rows, book, POOLED.empty_table() if pooled is None else pooled)
        grouping = known.named(grouping)
    with stages.stage("streams"):
        streams, n_by_account = _count_streams(engine, rows, columns, grouping)
        grouping = _with_kin(known.streams(streams, everywhere=True), grouping, len(book.account))
        grouping = known.named(grouping, kin=True)
        streams = pa.concat_tables([streams, _kin_streams(engine, rows, columns, grouping)])
        streams = known.streams(streams)
        wanted = eligible_families(streams)
    with stages.stage("group families"):
        joined = engine.map(rows, lambda batch: members(columns(batch), grouping, wanted), MEMBER)
    with stages.stage("measure families"):
        step = known.with_rows(judge(book, life_book), _IN_TIME)
        step = stages.counting("measure families", joined.count(), step, lambda table: table.num_rows)
        measured = engine.group(joined, "family", _IN_TIME, step, MEASURED).to_table()
    return Measured(
        families=measured,
        streams=streams.filter(pa.array(among(wanted, streams["family"].to_numpy()))),
        book=book,
        grouping=grouping,
        covered=covered,
        n_by_account=n_by_account,
        life_book=life_book,
        accounts=today,
        small=small(streams, wanted),
    )


def _learn_groups(engine: Engine, rows: Dataset, book: AccountBook, pooled: pa.Table) -> Grouping:
    columns = rows.select(["account", "client", "time_us", "exchange", "head"])
    cells = engine.group(columns, "account", ("client", "time_us", "exchange"), rhythm_cells, RHYTHM).to_table()
    stream, cell = cells["stream"].to_numpy(), cells["cell"].to_numpy()
    order = np.argsort(stream, kind="stable")
    tied_account, tied_group = tied_groups(_visits(engine, rows), book)
    asking = engine.group(rows.select(_ASKED), "account", (), profiles, PROFILE).to_table()
    unowned = asking.filter(pa.array(~book.in_fleet(asking["account"].to_numpy())))
    return Grouping(
        stream[order],
        cell[order],
        tied_account,
        tied_group,
        *profile_groups(unowned),
        pooled["exchange"].to_numpy(),
        pooled["pool"].to_numpy(),
        followed(engine, rows),
    )


def followed(engine: Engine, rows: Dataset) -> NDArray[np.uint64]:
    """Conversations, ascending, that go on after their first question, whichever account sends the rest.

    Behind a relay every turn may come from another account. One id for many conversations goes on when there are as
    many later turns as first ones.
    """

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        conversation, head = (batch[name].to_numpy(zero_copy_only=False) for name in ("conversation", "head"))
        known = conversation != 0
        first = head[known].astype(np.int64)
        return summary.add(pa.table({"conversation": conversation[known], "first": first, "later": 1 - first}))

    columns = rows.select(["conversation", "head"])
    turns = engine.reduce(columns, lambda: Summary(("conversation",), ("first", "later")), fold).table()
    first, later = turns["first"].to_numpy(), turns["later"].to_numpy()
    return np.asarray(turns["conversation"].to_numpy()[(later > 0) & (later >= first)], np.uint64)


def _visits(engine: Engine, rows: Dataset) -> pa.Table:
    """Pairs of account and network block, each once."""

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(pa.table({**dict(zip(_VISIT, batch.columns, strict=True)), "n": np.ones(batch.num_rows)}))

    return engine.reduce(rows.select(_VISIT), lambda: Summary(_VISIT, ("n",)), fold).table()


def _learn_accounts(engine: Engine, rows: Dataset, *, is_kept: bool) -> tuple[AccountMemory, pa.Table]:
    """What is seen of accounts; first uses of models only when it is kept, since lives are known without."""

    def fold_first(firsts: Firsts, batch: pa.RecordBatch) -> Firsts:
        return firsts.add(pa.Table.from_batches([batch]))

    def fold_covered(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(coverage({name: batch[name].to_numpy(zero_copy_only=False) for name in COVERED}))

    firsts = engine.reduce(rows.select(FIRST.names), lambda: Firsts("account", _IN_TIME), fold_first).table()
    covered = engine.reduce(rows.select(list(COVERED)), lambda: Summary(("all",), COVERED), fold_covered).table()
    columns = rows.select(["account", "time_us", "exchange", "model"])
    activity = engine.group(columns, "account", _IN_TIME, lives, LIFE).to_table()
    uses = USE.empty_table()
    if is_kept:
        uses = engine.group(columns, "account", ("model", *_IN_TIME), first_uses, USE).to_table()
    return AccountMemory(FIRST.empty_table() if firsts is None else firsts.cast(FIRST), activity, uses), covered


def _count_streams(engine: Engine, rows: Dataset, columns: Columns, grouping: Grouping) -> tuple[pa.Table, pa.Table]:
    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(stream_counts(columns(batch), grouping))

    def fold_accounts(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(pa.table({"account": batch["account"], "n": np.ones(batch.num_rows, np.int64)}))

    streams = engine.reduce(rows, lambda: Summary(("family", "account"), ("n",)), fold).table()
    n_by_account = engine.reduce(rows.select(["account"]), lambda: Summary(("account",), ("n",)), fold_accounts)
    return streams, n_by_account.table()


def _with_kin(streams: pa.Table, grouping: Grouping, n_accounts: int) -> Grouping:
    """The same grouping with groups of templates, from the streams of the template view."""
    family = streams["family"].to_numpy()
    until = int(np.searchsorted(family, np.uint64(1 << 61)))
    of_templates = streams.slice(0, until).rename_columns(["template", "account", "n"])
    family, group = template_groups(of_templates, n_accounts)
    return replace(grouping, kin_template=family, kin_group=group)


def _kin_streams(engine: Engine, rows: Dataset, columns: Columns, grouping: Grouping) -> pa.Table:
    """Streams of the kin view alone; every exchange counts once, however many templates of a group it carries."""

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(stream_counts(columns(batch), grouping, "kin"))

    return engine.reduce(rows, lambda: Summary(("family", "account"), ("n",)), fold).table()


def of_accounts(engine: Engine, rows: Dataset, accounts: NDArray[np.uint64]) -> Dataset:
    """Rows of the accounts, in their order, without the signatures of batches."""
    theirs, chosen = HashIndex(np.unique(accounts)), rows.select(_without_signatures(rows))
    return engine.map(chosen, lambda batch: _of(theirs, batch), chosen.schema)


def _of(accounts: HashIndex, batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pa.array(accounts.among(batch["account"].to_numpy())))


def _without_signatures(rows: Dataset) -> list[str]:
    return [name for name in rows.schema.names if name != "signatures"]


def value_counts(
    engine: Engine, rows: Dataset, key: str, names: Sequence[str], of: Callable[[Fingerprints], NDArray[np.uint64]]
) -> pa.Table:
    """How often each value that `of` makes of the columns named is shown: columns `key` and n, sorted by `key`."""

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        shown = {name: batch[name].to_numpy(zero_copy_only=False) for name in names}
        return summary.add(pa.table({key: of(shown), "n": np.ones(batch.num_rows, np.int64)}))

    return engine.reduce(rows.select(list(names)), lambda: Summary((key,), ("n",)), fold).table()


def shares(engine: Engine, rows: Dataset) -> dict[str, pa.Table]:
    """How often each cell of content and each client is seen, as attribution reads them."""
    return {kind: value_counts(engine, rows, kind, names, of) for kind, (names, of) in _SHOWN.items()}


_SHOWN: Final[dict[str, tuple[tuple[str, ...], Callable[[Fingerprints], NDArray[np.uint64]]]]] = {
    "cell": (("n_tokens", "elicitation", "script", "head"), content_cells),
    "client": (("client",), lambda shown: shown["client"]),
}


def with_cells(columns: Columns) -> Callable[[pa.RecordBatch], Fingerprints]:
    """The same columns with the cell of each exchange's content."""

    def found(batch: pa.RecordBatch) -> Fingerprints:
        shown = dict(columns(batch))
        return shown | {"cell": content_cells(shown)}

    return found


def attribute_accounts(  # noqa: PLR0913, PLR0917 - where, what, how to read it, of whom, and what is known already
    engine: Engine,
    rows: Dataset,
    columns: Columns,
    measured: Measured,
    alarmed: NDArray[np.uint64],
    stored: StoredShare | None = None,
    earlier: Earlier | None = None,
) -> pa.Table:
    """Attribution bits of every account of the alarmed families (ascending); table ATTRIBUTED.

    stored  How common clients and contents were in earlier windows; None when nothing is kept.
    earlier What is remembered of earlier windows: accounts are held against it too.
    """
    known = earlier or Earlier()
    if not len(alarmed):
        return ATTRIBUTED.empty_table()

    cells, clients = (
        Background(known.counted(kind, table), kind, stored) for kind, table in shares(engine, rows).items()
    )
    celled, grouping, streams = with_cells(columns), measured.grouping, measured.streams
    accounts = streams["account"].to_numpy()[among(alarmed, streams["family"].to_numpy())]
    theirs = HashIndex(np.unique(accounts))
    joined = engine.map(
        rows.select(_without_signatures(rows)),
        lambda batch: members(celled(_of(theirs, batch)), grouping, alarmed, CELL_MEMBER),
        CELL_MEMBER,
    )
    step = known.with_rows(attribute(cells, clients), ("account", "exchange"))
    return engine.group(joined, "family", ("account", "exchange"), step, ATTRIBUTED).to_table()
