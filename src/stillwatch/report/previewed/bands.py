"""Rows of a breakdown with their bars, for a page of a preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stillwatch.act.preview.figures import BandRow, Breakdown, Count, Previewed
from stillwatch.model.decision import Action
from stillwatch.report import quantities
from stillwatch.report.previewed import pictures
from stillwatch.report.visible import visible

__all__ = ["DrawnBand", "actions_of", "rows_of"]

_LONG: Final = 8


@dataclass(frozen=True, slots=True)
class DrawnBand:
    """A band, ready to lay out."""

    band: BandRow
    picture: Markup
    share: str


def actions_of(found: Previewed) -> list[Action]:
    """Actions that touch anything, harshest first: the key of the colours."""
    used = {action for one in found.breakdowns[:1] for row in one.rows for action in row.by_action}
    return [action for action in reversed(Action) if action in used]


def rows_of(breakdown: Breakdown) -> Iterator[DrawnBand]:
    """Rows of a breakdown; where there are many, those without a touched exchange as one."""
    most = max((row.touched.exchanges for row in breakdown.rows), default=0)
    still = [row for row in breakdown.rows if not row.touched.exchanges]
    is_long = len(breakdown.rows) > _LONG and len(still) > 1
    for row in breakdown.rows:
        if row.touched.exchanges or not is_long:
            yield _row(row, most)
    if is_long:
        n_exchanges = sum(row.n_exchanges for row in still)
        n_accounts = None if still[0].n_accounts is None else sum(row.n_accounts or 0 for row in still)
        yield _row(BandRow(f"{len(still)} others", n_exchanges, n_accounts, Count(), {}), most)


def _row(row: BandRow, most: int) -> DrawnBand:
    share = quantities.share(row.touched.exchanges / row.n_exchanges) if row.n_exchanges else "–"
    title = f"{visible(row.label)}: {quantities.count(row.touched.exchanges)} exchanges touched, {share}"
    return DrawnBand(row, pictures.stack(row.by_action, most, title), share)
