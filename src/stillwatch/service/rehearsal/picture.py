"""One picture: requests of each hour, the campaigns above everybody else, and what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from stillwatch.report.pictures import svg
from stillwatch.report.pictures.hours import day_ticks
from stillwatch.service.rehearsal.result import Rehearsed
from stillwatch.service.rehearsal.tally import Sums

__all__ = ["MARKS", "hours_picture"]

MARKS: Final = ("alarm", "default", "strict", "upheld", "rollback", "stopped")
"""Entries of the timeline that the picture shows, by their marks; of several alarms the first."""
_TOP, _LANE, _NAME, _GAP, _FOOT = 22, 120, 20, 14, 24
_HOUR: Final = timedelta(hours=1)


def hours_picture(result: Rehearsed) -> Markup:
    """Lanes, each to its own height."""
    start, span = result.start, result.end - result.start
    names = list(result.hours[0][1]) if result.hours else []
    base = _TOP + len(names) * (_NAME + _LANE + _GAP)
    drawn = [line for x, words in day_ticks(start, result.end) for line in _tick(x, words, base)]
    for i, name in enumerate(names):
        top = _TOP + i * (_NAME + _LANE + _GAP)
        drawn += _lane(name, [(hour, told[name]) for hour, told in result.hours], start, span, top)
    for x, words in _marks(result):
        drawn += [svg.line("mark", x, _TOP - 4, x, base), svg.text("tick mark-text", x, 12, words)]
    title = f"Requests of each hour, served, changed and withheld: {', '.join(names)}"
    return svg.picture(title, base + _FOOT, drawn)


def _tick(x: float, words: str, base: float) -> list[Markup]:
    return [svg.line("grid", x, _TOP, x, base), svg.text("tick", x, base + 16, words)]


def _lane(
    name: str, hours: Sequence[tuple[datetime, Sums]], start: datetime, span: timedelta, top: float
) -> list[Markup]:
    peak = max((sums.total for _, sums in hours), default=0) or 1
    n_hours = max(1, round(span / _HOUR))
    parts: dict[str, list[str]] = {"served": [], "changed": [], "withheld": []}
    for hour, sums in hours:
        at, below = (hour - start) / _HOUR, 0.0
        for part, drawn in parts.items():
            height = 100 * getattr(sums, part) / peak
            if height:
                drawn.append(f"M{at + 0.08:g} {100 - below:.4g}v-{height:.4g}h0.84v{height:.4g}z")
            below += height
    paths = [svg.element("path", class_=part, d="".join(drawn)) for part, drawn in parts.items() if drawn]
    bottom = top + _NAME + _LANE
    return [
        svg.text("lane", 0, top + _NAME - 6, f"{name}, at most {peak:,} an hour"),
        svg.stretched(paths, (n_hours, 100), top + _NAME, _LANE),
        svg.line("axis", 0, bottom, 1, bottom),
    ]


def _marks(result: Rehearsed) -> list[tuple[float, str]]:
    """Places and words, each mark once."""
    found: dict[str, float] = {}
    for entry in result.entries:
        if entry.mark in MARKS and entry.at is not None:
            found.setdefault(entry.mark, (entry.at - result.start) / (result.end - result.start))
    return [(x, words) for words, x in found.items()]
