"""Pictures of a test: all p-values against chance, the real key among decoys, a share with its interval."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from markupsafe import Markup

from stillwatch.model.trace_report import Interval, NullRun, RankedP
from stillwatch.report import quantities
from stillwatch.report.pictures import svg
from stillwatch.report.traced import words
from stillwatch.report.visible import visible
from stillwatch.stats.ranked import rank_band

__all__ = ["decoys", "quantiles", "share"]

_LN10: Final = math.log(10)
_HEIGHT, _TOP, _BASE = 250, 26, 216
_LEFT, _RIGHT = 0.06, 0.97
_BINS: Final = 24

_Axis: TypeAlias = Callable[[float], float]
"""From a value to its place."""


def quantiles(ranked: Sequence[RankedP], tests: int, log_alpha: float) -> Markup:
    """Every p-value at its rank, against the ranks of chance; both axes count zeros behind the point.

    The scale ends at three times the line of belief, so that the rest can be seen; what is beyond stands at the top
    with its number.

    ranked      In order of rank.
    log_alpha   Natural log of the p-value below which the smallest is believed.
    """
    expected = [-math.log10((one.rank - 0.5) / tests) for one in ranked]
    observed = [-one.log_p / _LN10 for one in ranked]
    widest, bar = max(1.0, *expected), -log_alpha / _LN10
    tallest = max(1.2 * bar, widest, min(3 * bar, max(observed))) * 1.06

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * value / widest

    def y(value: float) -> float:
        return _BASE - (_BASE - _TOP) * min(value, tallest) / tallest

    drawn = _axes(tallest, y)
    drawn += [_band(ranked, tests, x, y), svg.line("chance", x(0), y(0), x(widest), y(widest))]
    drawn += [svg.line("bar-line", _LEFT, y(bar), 1, y(bar))]
    drawn += [svg.text("tick", 0.99, y(bar) - 6, f"believed above this line: p < {words.p_value(log_alpha)}")]
    for place, value, one in zip(expected, observed, ranked, strict=True):
        drawn.append(svg.circle("found" if value >= bar else "dot", x(place), y(value), 4.5 if value >= bar else 3))
        if value > tallest and one.rank == 1:
            drawn.append(svg.text("label", x(place), _TOP - 8, f"{words.p_value(one.log_p)}, beyond the scale"))
    for level in range(math.floor(widest) + 1):
        drawn.append(svg.text("tick", x(level), _BASE + 16, _ten(level)))
    drawn.append(svg.text("tick", (_LEFT + _RIGHT) / 2, _BASE + 32, "p-value that chance gives at this rank"))
    return svg.picture(
        f"{tests:,} p-values against chance; the smallest is {words.p_value(ranked[0].log_p)}", _HEIGHT, drawn
    )


def _ten(level: float) -> str:
    return "1" if level == 0 else f"1e-{level:.0f}"


def _axes(tallest: float, y: _Axis) -> list[Markup]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tallest / s <= 6)
    drawn = []
    for level in np.arange(0, tallest, step):
        drawn.append(svg.line("axis" if level == 0 else "grid", _LEFT, y(float(level)), 1, y(float(level))))
        drawn.append(svg.text("tick", 0, y(float(level)) + 4, _ten(float(level))))
    return drawn


def _band(ranked: Sequence[RankedP], tests: int, x: _Axis, y: _Axis) -> Markup:
    """Where 95 of 100 would lie, rank by rank, as a polygon in the picture's own stretched units."""
    ranks = np.array([one.rank for one in ranked])
    low, high = rank_band(ranks, tests)
    places = [x(-math.log10((rank - 0.5) / tests)) * 1000 for rank in ranks]
    tops = [y(-math.log10(max(value, 1e-300))) - _TOP for value in low]
    bottoms = [y(-math.log10(value)) - _TOP for value in high]
    ring = [*zip(places, tops, strict=True), *reversed(list(zip(places, bottoms, strict=True)))]
    points = " ".join(f"{a:.5g},{b:.5g}" for a, b in ring)
    polygon = svg.element("polygon", class_="chance-band", points=points)
    return svg.stretched([polygon], (1000, _BASE - _TOP), _TOP, _BASE - _TOP)


def decoys(run: NullRun) -> Markup:
    """How often each value of the statistic came under keys that were never used, and where the real key stands."""
    values = np.asarray(run.values)
    low, high = float(min(values.min(), run.observed)), float(max(values.max(), run.observed))
    span = (high - low) or 1.0
    low, high = low - 0.04 * span, high + 0.04 * span
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    base, top, height = 120, 22, 160
    drawn = [svg.line("axis", 0, base, 1, base)]
    for n, left, right in zip(counts, edges, edges[1:], strict=False):
        if n:
            tall = (base - top) * n / counts.max()
            start, end = (left - low) / (high - low), (right - low) / (high - low)
            drawn.append(svg.rectangle("reference", start, base - tall, end - start, tall))
    at = (run.observed - low) / (high - low)
    drawn += [svg.line("needle", at, top - 4, at, base), svg.text("label", at, top - 9, "the real key")]
    ticks = [(0.0, low), (0.5, (low + high) / 2), (1.0, high)]
    drawn += [svg.text("tick", place, base + 16, f"{value:.5g}") for place, value in ticks]
    title = f"{visible(run.about)}: {len(values):,} keys that were never used, and the real one at {run.observed:.5g}"
    return svg.picture(title, height - 16, drawn)


def share(one: Interval) -> Markup:
    """A share from 0 to 1 with its interval."""
    drawn: list[Markup] = [svg.rectangle("reference", 0, 14, 1, 12)]
    drawn += [svg.rectangle("for", one.low, 14, max(0.004, one.high - one.low), 12)]
    drawn += [svg.line("needle", one.value, 8, one.value, 32)]
    drawn += _ticks((0.0, 0.25, 0.5, 0.75, 1.0))
    return svg.picture(visible(words.interval(one)), 54, drawn)


def _ticks(levels: Iterable[float]) -> list[Markup]:
    return [svg.text("tick", level, 48, quantities.share(level)) for level in levels]
