"""Pictures of the scoreboard as SVG: lines over an axis, and the map of doses. Colours come from a style sheet."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from markupsafe import Markup, escape

from stillwatch.bench.scoreboard.results import OURS, Board, Curve, DoseCell, LeakRow
from stillwatch.report import quantities
from stillwatch.report.pictures import svg

__all__ = ["Line", "dose_picture", "leak_picture", "line_chart", "readme_picture", "recall_picture", "standalone"]

_HEIGHT, _TOP, _FOOT = 300, 14, 44
_LEGEND_ROW, _LEGEND_COLUMNS = 20, 3
_WIDTH: Final = 900
_LEVELS: Final = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: places from 0 to 1 on both axes; `css` is its class."""

    name: str
    points: tuple[tuple[float, float], ...]
    css: str


def line_chart(title: str, lines: Sequence[Line], ticks: Sequence[tuple[float, str]], names: tuple[str, str]) -> Markup:
    """Lines from 0 to 100 % over an axis with the given ticks, the first on top, and a legend under it.

    names   What is drawn along the width, and what the height is per cent of.
    """
    x_name, y_name = names
    drawn = [_rule(share) for share in (0.0, 0.25, 0.5, 0.75)] + [_rule(1.0, f" of {y_name}")]
    drawn += [svg.text("tick", x, _TOP + _HEIGHT + 16, words) for x, words in ticks]
    drawn.append(svg.text("tick", 0.5, _TOP + _HEIGHT + 34, x_name))
    paths = [svg.element("path", class_=f"curve {line.css}", d=_path(line.points)) for line in reversed(lines)]
    drawn.append(svg.stretched(paths, (1000, 1000), _TOP, _HEIGHT))
    foot = _TOP + _HEIGHT + _FOOT
    drawn += [mark for i, line in enumerate(lines) for mark in _legend(i, line, foot)]
    rows = math.ceil(len(lines) / _LEGEND_COLUMNS)
    return svg.picture(title, foot + _LEGEND_ROW * rows + 6, drawn)


def _rule(share: float, of: str = "") -> Markup:
    y = _TOP + _HEIGHT * (1 - share)
    label = svg.element("text", escape(f"{share:.0%}{of}"), class_="tick", x=0, y=y - 3)
    return svg.line("grid", 0, y, 1, y) + label


def _path(points: Sequence[tuple[float, float]]) -> str:
    places = [f"{1000 * min(1, max(0, x)):.1f} {1000 * (1 - min(1, max(0, y))):.1f}" for x, y in points]
    return "M" + "L".join(places) if places else "M0 0"


def _legend(i: int, line: Line, top: float) -> list[Markup]:
    x, y = (i % _LEGEND_COLUMNS) / _LEGEND_COLUMNS, top + _LEGEND_ROW * (i // _LEGEND_COLUMNS) + 8
    sample = svg.line(f"curve {line.css}", x, y, x + 0.035, y)
    return [sample, svg.element("text", escape(line.name), class_="lane", x=svg.per_cent(x + 0.045), y=y + 4)]


def recall_picture(curves: Sequence[Curve], world: str) -> Markup | None:
    """Account recall against the share of legitimate accounts accused; None without a curve of this world."""
    mine = sorted((c for c in curves if c.world == world), key=lambda c: c.method != OURS)
    if not mine:
        return None
    lowest, highest = (math.log10(rate) for rate in (mine[0].false_rate[1], mine[0].false_rate[-1]))
    place = _logarithmic(lowest - 0.5, highest)
    lines = [
        Line(
            c.method,
            tuple((0.0 if rate == 0 else place(rate), recall) for rate, recall in _steps(c.false_rate, c.recall)),
            "ours" if c.method == OURS else f"rival s{i % 11}",
        )
        for i, c in enumerate(mine)
    ]
    ticks = [(0.0, "none")] + [(place(10.0**e), _power(e)) for e in range(round(lowest), round(highest) + 1)]
    return line_chart(
        f"Share of attackers' accounts found against share of legitimate accounts accused, {world}",
        lines,
        ticks,
        ("share of legitimate accounts accused", "attackers' accounts found"),
    )


def _logarithmic(low: float, high: float) -> Callable[[float], float]:
    return lambda value: (math.log10(value) - low) / (high - low)


def _power(exponent: int) -> str:
    return f"1 in {10**-exponent:,}"


def _steps(x: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
    """Points of a step line: a value holds until the next."""
    points: list[tuple[float, float]] = []
    for i, value in enumerate(y):
        if i:
            points.append((x[i], y[i - 1]))
        points.append((x[i], value))
    return [(a, 0.0 if math.isnan(b) else b) for a, b in points]


def leak_picture(leaks: Sequence[LeakRow], at: Sequence[float], alarmed: Sequence[float]) -> Markup | None:
    """Share of campaigns alarmed before they had got a share of their exchanges; None when nobody looked."""
    if not leaks:
        return None
    low, high = math.log10(at[0]), math.log10(at[-1])
    place = _logarithmic(low, high)
    points = tuple((place(x), y) for x, y in _steps(at, alarmed))
    ticks = [(place(10.0**e), quantities.share(10.0**e)) for e in range(round(low), round(high) + 1)]
    return line_chart(
        "Share of campaigns with an alarm against the share of their exchanges they had got by then",
        [Line(OURS, points, "ours")],
        ticks,
        ("share of a campaign's exchanges sent before the first alarm", "campaigns alarmed"),
    )


def dose_picture(cells: Sequence[DoseCell], kind: str) -> Markup | None:
    """Recall by accounts (rows) and exchanges per account (columns); None without such cells."""
    mine = {(c.n_accounts, c.per_account): c for c in cells if c.kind == kind}
    if not mine:
        return None
    rows, columns = sorted({n for n, _ in mine}), sorted({p for _, p in mine})
    drawn: list[Markup] = []
    row_height, left = 34, 0.16
    width = (1 - left) / len(columns)
    for i, n in enumerate(rows):
        top = _TOP + i * row_height
        drawn.append(svg.element("text", escape(f"{n} accounts"), class_="lane", x=0, y=top + 21))
        for j, per in enumerate(columns):
            cell = mine.get((n, per))
            if cell is not None:
                drawn += _cell(cell, left + j * width, top, width)
    foot = _TOP + len(rows) * row_height + 16
    drawn += [svg.text("tick", left + (j + 0.5) * width, foot, str(per)) for j, per in enumerate(columns)]
    drawn.append(svg.text("tick", left + 0.42, foot + 18, "exchanges per account"))
    return svg.picture(f"Share of accounts found by dose, {kind}", foot + 26, drawn)


def _cell(cell: DoseCell, x: float, top: float, width: float) -> list[Markup]:
    level = 0 if cell.recall == 0 else min(_LEVELS, 1 + int(_LEVELS * cell.recall * 0.9999))
    css = f"heat-{level}"
    words = svg.text("on-dark" if level > 4 else "on-light", x + width / 2, top + 20, f"{cell.recall:.0%}")
    return [svg.rectangle(css, x, top, width - 0.004, 31), words]


def standalone(picture: Markup) -> str:
    """A picture as a file of its own, with its style sheet in it, for light and dark pages."""
    style = resources.files("stillwatch.bench.scoreboard").joinpath("templates", "picture.css").read_text("utf-8")
    inner = str(picture)
    height = inner.split('height="', 1)[1].split('"', 1)[0]
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{float(height) + 24:g}" '
        f'viewBox="0 0 {_WIDTH} {float(height) + 24:g}">'
    )
    placed = inner.replace('width="100%"', f'x="12" y="12" width="{_WIDTH - 24}"', 1)
    return f'{whole}<style>{style}</style><rect class="ground" width="100%" height="100%"/>{placed}</svg>\n'


def readme_picture(board: Board) -> str | None:
    """The picture of the README: recall against false positives on the campaigns; None when they were not run."""
    drawn = recall_picture(board.curves, "campaigns")
    return None if drawn is None else standalone(drawn)
