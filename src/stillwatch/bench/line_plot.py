"""Plain line plots as SVG files: labelled axes, readable in light and dark, no script and no font of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axis", "Band", "Line", "plot"]

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 100, 16, 44, 60
_LEGEND_ROW: Final = 19

_STYLE: Final = (
    "text{font:14px system-ui,sans-serif;fill:#1b1f24}.title{font-weight:600;font-size:16px}.quiet{fill:#57606a}"
    ".axis,.tick{stroke:#8c959f;fill:none}.grid{stroke:#8c959f;stroke-opacity:.25}.dot{stroke-width:1}.band{fill:#8c959f;fill-opacity:.25}"
    ".l0{stroke:#0969da}.l1{stroke:#bc4c00}.l2{stroke:#1a7f37}.l3{stroke:#8250df}.l4{stroke:#bf3989}.l5{stroke:#57606a}"
    ".line{fill:none;stroke-width:2}.bound{stroke:#1b1f24;stroke-width:1.5;stroke-dasharray:6 4;fill:none}"
    ".back{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.back{fill:#0d1117}.bound{stroke:#e6edf3}"
    ".l0{stroke:#4493f8}.l1{stroke:#f0883e}.l2{stroke:#3fb950}.l3{stroke:#a371f7}.l4{stroke:#db61a2}.l5{stroke:#9198a1}}"
)


class Axis(NamedTuple):
    """An axis with its ends and the labels of its ticks, by value."""

    label: str
    low: float
    high: float
    ticks: dict[float, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A curve, cut where y is NaN. `is_bound` draws it dashed: what theory says. `is_dots` draws points alone."""

    name: str
    x: Floats
    y: Floats
    is_bound: bool = False
    is_dots: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A region between two curves over the same x."""

    name: str
    x: Floats
    low: Floats
    high: Floats


def plot(title: str, x: Axis, y: Axis, lines: Sequence[Line], band: Band | None = None) -> str:
    """One picture as SVG text. What lies outside the axes is cut off at their ends.

    >>> axis = Axis("x", 0.0, 1.0, {0.0: "0", 1.0: "1"})
    >>> plot("two", axis, axis, [Line("a <b>", np.array([0.0, 1.0]), np.array([0.0, 2.0]))]).count("a &lt;b&gt;")
    1
    """
    height = HEIGHT + _LEGEND_ROW * ((len(lines) + (band is not None) + 1) // 2) + 6
    parts = [f'<rect class="back" width="{WIDTH}" height="{height}"/>', *_frame(title, x, y)]
    if band is not None:
        along = np.concatenate([band.x, band.x[::-1]])
        around = np.concatenate([band.high, band.low[::-1]])
        parts.append(f'<polygon class="band" points="{_points(along, around, x, y)}"/>')
    colour = 0
    names = []
    for line in lines:
        css = "bound" if line.is_bound else f"line l{colour % 6}"
        colour += not line.is_bound
        parts += _drawn(line, css, x, y)
        names.append((css, line.name))
    parts += _legend(names, None if band is None else band.name)
    box = f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return f"{head}\n<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"


def _across(x: Floats, axis: Axis) -> Floats:
    share = (np.clip(x, axis.low, axis.high) - axis.low) / (axis.high - axis.low)
    return np.asarray(_LEFT + share * (WIDTH - _LEFT - _RIGHT))


def _down(y: Floats, axis: Axis) -> Floats:
    share = (np.clip(y, axis.low, axis.high) - axis.low) / (axis.high - axis.low)
    return np.asarray(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM))


def _points(x: Floats, y: Floats, x_axis: Axis, y_axis: Axis) -> str:
    pairs = zip(_across(np.asarray(x), x_axis), _down(np.asarray(y), y_axis), strict=True)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)


def _frame(title: str, x: Axis, y: Axis) -> list[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts = [f'<text class="title" x="{_LEFT}" y="26">{escape(title)}</text>']
    for value, name in x.ticks.items():
        at = float(_across(np.array(value), x))
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 20}" text-anchor="middle">{escape(name)}</text>')
    for value, name in y.ticks.items():
        at = float(_down(np.array(value), y))
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 5:.1f}" text-anchor="end">{escape(name)}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>')
    parts.append(f'<text class="quiet" x="{middle:g}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x.label)}</text>')
    turned = f'transform="translate(20 {(_TOP + bottom) / 2:g}) rotate(-90)"'
    parts.append(f'<text class="quiet" {turned} text-anchor="middle">{escape(y.label)}</text>')
    return parts


def _drawn(line: Line, css: str, x: Axis, y: Axis) -> list[str]:
    """A curve in as many pieces as NaN leaves, or dots."""
    if line.is_dots:
        pairs = zip(_across(line.x, x), _down(line.y, y), strict=True)
        return [f'<circle class="{css}" cx="{a:.1f}" cy="{b:.1f}" r="5"/>' for a, b in pairs]
    known = ~np.isnan(line.y)
    pieces = np.split(np.arange(len(known)), np.flatnonzero(np.diff(known)) + 1)
    kept = [piece for piece in pieces if len(piece) and known[piece[0]]]
    return [f'<polyline class="{css}" points="{_points(line.x[p], line.y[p], x, y)}"/>' for p in kept]


def _legend(names: Sequence[tuple[str, str]], band: str | None) -> list[str]:
    """Names below the picture, two in a row."""
    marks = [
        (name, f'<line class="{css}" x1="{{x}}" x2="{{end}}" y1="{{line}}" y2="{{line}}"/>') for css, name in names
    ]
    if band is not None:
        marks.append((band, '<rect class="band" x="{x}" y="{top}" width="26" height="12"/>'))
    parts = []
    for number, (name, mark) in enumerate(marks):
        left, at = _LEFT + 310 * (number % 2), HEIGHT + 8 + _LEGEND_ROW * (number // 2)
        parts.append(mark.format(x=left, end=left + 26, line=at - 5, top=at - 11))
        parts.append(f'<text x="{left + 34}" y="{at}">{escape(name)}</text>')
    return parts
