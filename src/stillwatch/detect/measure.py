"""Group all fingerprints into families and measure each."""

from collections.abc import Callable
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

__all__ = ["Measured", "attribute_accounts", "followed", "measure_families", "of_accounts"]

Columns = Callable[[pa.RecordBatch], Fingerprints]
"""Turns a batch of sketched rows into arrays, with templates in place of signatures."""

_VISIT: Final = ["account", "prefix"]
_ASKED: Final = ["account", "head", "topic", "n_tokens", "script", "system", "tools"]
_FIRST: Final = ["account", "time_us", "exchange", "prefix", "asn", "tls"]


@dataclass(frozen=True, slots=True)
class Measured:
    """All families with their effects and bits, and what was learnt on the way.

    families    Table MEASURED, sorted by family.
    streams     family, account, n; sorted by family and account; eligible families only.
    covered     One row: exchanges that carry each column.
    """

    families: pa.Table
    streams: pa.Table
    book: AccountBook
    grouping: Grouping
    covered: pa.Table
    n_by_account: pa.Table
    life_book: LifeBook


def measure_families(  # noqa: PLR0913 - where, what, how to read it, who, what is known, and whom to tell
    engine: Engine,
    rows: Dataset,
    columns: Columns,
    accounts: pa.Table,
    stages: Stages,
    *,
    pooled: pa.Table | None = None,
    stored: StoredShare | None = None,
) -> Measured:
    """Learn rhythms and first appearances, count streams, then measure every family that is large enough.

    pooled  Table POOLED: exchanges that send items of known pools; None when no pool is known.
    stored  How common attributes were in earlier windows; None when nothing is kept.
    """
    with stages.stage("accounts"):
        book, covered = _learn_accounts(engine, rows, accounts, stored)
        life_book = _learn_lives(engine, rows)
    with stages.stage("ties"):
        grouping = _learn_groups(engine, rows, book, POOLED.empty_table() if pooled is None else pooled)
    with stages.stage("streams"):
        streams, n_by_account = _count_streams(engine, rows, columns, grouping)
        grouping = _with_kin(streams, grouping, len(book.account))
        streams = pa.concat_tables([streams, _kin_streams(engine, rows, columns, grouping)])
        wanted = eligible_families(streams)
    with stages.stage("group families"):
        joined = engine.map(rows, lambda batch: members(columns(batch), grouping, wanted), MEMBER)
    with stages.stage("measure families"):
        step = stages.counting("measure families", joined.count(), judge(book, life_book), lambda table: table.num_rows)
        measured = engine.group(joined, "family", ("time_us", "exchange"), step, MEASURED).to_table()
    eligible = among(wanted, streams["family"].to_numpy())
    return Measured(measured, streams.filter(pa.array(eligible)), book, grouping, covered, n_by_account, life_book)


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


def _learn_lives(engine: Engine, rows: Dataset) -> LifeBook:
    columns = rows.select(["account", "time_us", "exchange", "model"])
    return LifeBook.build(engine.group(columns, "account", ("time_us", "exchange"), lives, LIFE).to_table())


def _learn_accounts(
    engine: Engine, rows: Dataset, accounts: pa.Table, stored: StoredShare | None
) -> tuple[AccountBook, pa.Table]:
    def fold_first(firsts: Firsts, batch: pa.RecordBatch) -> Firsts:
        return firsts.add(pa.Table.from_batches([batch]))

    def fold_covered(summary: Summary, batch: pa.RecordBatch) -> Summary:
        return summary.add(coverage({name: batch[name].to_numpy(zero_copy_only=False) for name in COVERED}))

    firsts = engine.reduce(rows.select(_FIRST), lambda: Firsts("account", ("time_us", "exchange")), fold_first).table()
    covered = engine.reduce(rows.select(list(COVERED)), lambda: Summary(("all",), COVERED), fold_covered).table()
    if firsts is None:
        firsts = rows.select(_FIRST).to_table().slice(0, 0)
    return AccountBook.build(firsts, accounts, stored), covered


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


def attribute_accounts(
    engine: Engine,
    rows: Dataset,
    columns: Columns,
    measured: Measured,
    alarmed: NDArray[np.uint64],
    stored: StoredShare | None = None,
) -> pa.Table:
    """Attribution bits of every account of the alarmed families (ascending); table ATTRIBUTED.

    stored  How common clients and contents were in earlier windows; None when nothing is kept.
    """
    if not len(alarmed):
        return ATTRIBUTED.empty_table()

    def with_cells(batch: pa.RecordBatch) -> Fingerprints:
        found = dict(columns(batch))
        return found | {"cell": content_cells(found)}

    def background(key: str, names: tuple[str, ...], of: Callable[[Fingerprints], NDArray[np.uint64]]) -> Background:
        def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
            known = {name: batch[name].to_numpy(zero_copy_only=False) for name in names}
            return summary.add(pa.table({key: of(known), "n": np.ones(batch.num_rows, np.int64)}))

        return Background(
            engine.reduce(rows.select(list(names)), lambda: Summary((key,), ("n",)), fold).table(), key, stored
        )

    cells = background("cell", ("n_tokens", "elicitation", "script", "head"), content_cells)
    clients = background("client", ("client",), lambda known: known["client"])
    grouping, streams = measured.grouping, measured.streams
    accounts = streams["account"].to_numpy()[among(alarmed, streams["family"].to_numpy())]
    theirs = HashIndex(np.unique(accounts))
    joined = engine.map(
        rows.select(_without_signatures(rows)),
        lambda batch: members(with_cells(_of(theirs, batch)), grouping, alarmed, CELL_MEMBER),
        CELL_MEMBER,
    )
    return engine.group(joined, "family", ("account", "exchange"), attribute(cells, clients), ATTRIBUTED).to_table()
