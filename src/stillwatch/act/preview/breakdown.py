"""Touched exchanges by rule, by guard, and by what accounts and exchanges are told apart by."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.decide.guards import GUARDS
from stillwatch.act.preview.bands import BANDS, NOT_KNOWN, Band
from stillwatch.act.preview.cells import Cells
from stillwatch.act.preview.codes import Codebook
from stillwatch.act.preview.figures import BandRow, Breakdown, Count, GuardRow, RuleRow
from stillwatch.act.preview.judge import ACTIONS, NO_RULE, Judged
from stillwatch.model.campaign import Verdict

__all__ = ["MOST_ROWS", "NOT_ACCUSED", "OTHERS", "breakdowns", "guard_rows", "rule_rows"]

MOST_ROWS: Final = 20
"""Of a breakdown without an order of its own: names of models are whatever a client sends."""
OTHERS: Final = "all others"
NOT_ACCUSED: Final = "no accused stream"


def rule_rows(judged: Judged, cells: Cells) -> tuple[RuleRow, ...]:
    """Rows by rule, in the policy's order, and action, harshest first; their exchanges sum up to all."""
    pairs = zip(cells.columns["rule"].tolist(), cells.columns["action"].tolist(), strict=True)
    keys = sorted({*pairs, *judged.by_other_rule}, key=lambda key: (key[0] == NO_RULE, key[0], -key[1]))
    return tuple(_rule_row(judged, cells, *key) for key in keys)


def _rule_row(judged: Judged, cells: Cells, rule: int, action: int) -> RuleRow:
    chosen = (cells.columns["rule"] == rule) & (cells.columns["action"] == action)
    count, others = cells.count(chosen), judged.by_other_rule.get((rule, action), 0)
    return RuleRow(
        None if rule == NO_RULE else judged.policy.rules[rule].name,
        ACTIONS[action],
        Count(count.exchanges + others, count.streams, count.accounts, count.organisations),
        cells.n_refused(chosen),
    )


def guard_rows(cells: Cells) -> tuple[GuardRow, ...]:
    """What each guard kept, in the guards' order; what it did not keep anything from is left out."""
    places = sorted(set(cells.columns["guard"].tolist()) - {-1})
    counts = ((GUARDS[place], cells.count(cells.columns["guard"] == place)) for place in places)
    return tuple(GuardRow(guard.name, guard.why, count) for guard, count in counts)


def breakdowns(judged: Judged, cells: Cells) -> tuple[Breakdown, ...]:
    """By verdict, tenure, programme, verified level, spend band, declared use, model and region."""
    seen = judged.seen
    by_account = (_by_account(judged, cells, band) for band in BANDS)
    model = _by_exchange("model", seen.models, seen.by_model, cells, "model")
    region = _by_exchange("region", seen.countries, seen.by_country, cells, "country")
    return _by_verdict(judged, cells), *by_account, model, region


def _by_verdict(judged: Judged, cells: Cells) -> Breakdown:
    """What the streams of each verdict get, in the verdicts' order; last what is of no accused stream."""
    labels = [*(verdict.value for verdict in Verdict), NOT_KNOWN, NOT_ACCUSED]
    streams = zip(cells.columns["campaign"].tolist(), cells.columns["account"].tolist(), strict=True)
    facts = (judged.streams.get(stream) for stream in streams)
    place = {label: at for at, label in enumerate(labels)}
    codes = np.fromiter((place[NOT_KNOWN if one is None else str(one.verdict)] for one in facts), np.int32)
    n_exchanges = np.bincount(codes, cells.n, len(labels)).astype(np.int64)
    n_exchanges[-1] = judged.seen.n_exchanges - int(n_exchanges.sum())
    rows = {row.label: row for row in _rows(labels, n_exchanges, None, cells, codes)}
    return Breakdown("verdict", tuple(rows[label] for label in labels if rows[label].n_exchanges))


def _by_account(judged: Judged, cells: Cells, band: Band) -> Breakdown:
    book = Codebook()
    codes = np.fromiter((book.code(band.of(account)) for account in judged.accounts), np.int32)
    n_exchanges = np.bincount(codes, judged.seen.totals.n_exchanges, len(book)).astype(np.int64)
    n_accounts = np.bincount(codes, minlength=len(book))
    rows = _rows(book.values, n_exchanges, n_accounts, cells, codes[cells.columns["account"]])
    if band.order:
        place = {label: at for at, label in enumerate(band.order)}
        return Breakdown(band.name, tuple(sorted(rows, key=lambda row: place.get(row.label, len(place)))))
    return Breakdown(band.name, tuple(rows))


def _by_exchange(
    name: str, values: Sequence[str | None], n_exchanges: NDArray[np.int64], cells: Cells, column: str
) -> Breakdown:
    labels = [value or NOT_KNOWN for value in values]
    return Breakdown(name, tuple(_rows(labels, n_exchanges, None, cells, cells.columns[column])))


def _rows(
    labels: Sequence[str],
    n_exchanges: NDArray[np.int64],
    n_accounts: NDArray[np.int64] | None,
    cells: Cells,
    code: NDArray[Any],
) -> Iterator[BandRow]:
    """Rows with most touched exchanges first, then the largest; the smallest together where there are many."""
    touched = np.bincount(code[cells.is_touched], cells.n[cells.is_touched], len(labels))
    order = np.lexsort((np.arange(len(labels)), -n_exchanges, -touched))
    few = order if len(order) <= MOST_ROWS + 1 else order[:MOST_ROWS]
    for place in few.tolist():
        yield _row(labels[place], np.asarray([place]), n_exchanges, n_accounts, (cells, code))
    if len(few) < len(order):
        yield _row(OTHERS, order[len(few) :], n_exchanges, n_accounts, (cells, code))


def _row(
    label: str,
    places: NDArray[Any],
    n_exchanges: NDArray[np.int64],
    n_accounts: NDArray[np.int64] | None,
    of: tuple[Cells, NDArray[Any]],
) -> BandRow:
    cells, code = of
    chosen = cells.is_touched & np.isin(code, places)
    by_action = np.bincount(cells.columns["action"][chosen], cells.n[chosen], len(ACTIONS)).astype(np.int64)
    return BandRow(
        label,
        int(n_exchanges[places].sum()),
        None if n_accounts is None else int(n_accounts[places].sum()),
        cells.count(chosen),
        {action: int(n) for action, n in zip(ACTIONS, by_action, strict=True) if n},
    )
