"""scoreboard.html: one file, no network, no script; every picture has its table."""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from stillwatch.bench.scoreboard import tables, wording
from stillwatch.bench.scoreboard.pictures import dose_picture, leak_picture, recall_picture
from stillwatch.bench.scoreboard.results import OURS, Board, Curve
from stillwatch.bench.worlds import DOSE_KINDS
from stillwatch.report import quantities
from stillwatch.report.visible import visible

__all__ = ["to_html"]

_SHOWN_RATES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


@cache
def _environment() -> Environment:
    """Templates with everything escaped and every missing name an error; the style sheet is the report's."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader("stillwatch.bench.scoreboard"), PackageLoader("stillwatch.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "count": quantities.count,
        "share": quantities.share,
        "visible": visible,
        "value": wording.value,
        "interval": wording.interval,
        "seconds": wording.seconds,
        "gib": lambda n: f"{n / 2**30:.2f} GiB",
        "short": quantities.short,
    }
    return made


def to_html(board: Board) -> str:
    """Whole page."""
    page = _environment().get_template("scoreboard.html.j2")
    worlds = [world for world, _ in tables.groups(board) if world in {"campaigns", "evasions"}]
    return page.render(
        board=board,
        ours=OURS,
        measures=wording.MEASURES,
        names=wording.GROUPS,
        cell=wording.measure_cell,
        groups=tables.groups(board),
        scenarios=tables.scenarios(board),
        costs=tables.costs(board),
        not_run=tables.not_run(board),
        leaks=tables.leaks(board),
        leak_picture=leak_picture(board.leaks, tables.LEAK_AT, tables.leak_alarmed(board)),
        leak_points=list(zip(tables.LEAK_AT, tables.leak_alarmed(board), strict=True))[::5],
        curves=[(world, recall_picture(board.curves, world), _points(board, world)) for world in worlds],
        rates=_SHOWN_RATES,
        doses=[
            (kind, dose_picture(board.doses, kind), _dose_rows(board, kind))
            for kind in DOSE_KINDS
            if _dose_rows(board, kind)
        ],
        methods=[method for method in board.titles if any(method in kind.accused for kind in board.kinds)],
        n_scans=sum({row.seed: row.n_scans for row in board.leaks}.values()),
    )


def _points(board: Board, world: str) -> list[tuple[str, list[float]]]:
    """Rows of the curves' table."""
    mine = sorted((c for c in board.curves if c.world == world), key=lambda c: c.method != OURS)
    return [(curve.method, [_at(curve, rate) for rate in _SHOWN_RATES]) for curve in mine]


def _at(curve: Curve, rate: float) -> float:
    return curve.recall[curve.false_rate.index(rate)]


def _dose_rows(board: Board, kind: str) -> list[Any]:
    return [cell for cell in board.doses if cell.kind == kind]
