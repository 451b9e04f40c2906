"""When a campaign is at work, as it is told: levels by hour of the week, and of the times between exchanges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stillwatch.model.indicator import GAP_BINS, PROFILE_HOURS

__all__ = ["Bar", "Cell", "gap_bars", "week_cells"]

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS: Final = 24
_SIDE: Final = 20
_LEFT, _TOP = 74, 18
_HEATS: Final = 6
_WIDE, _HIGH = 34, 12
"""Of a bar: its step, and what a level adds to it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week.

    level   0 nothing, 7 the busiest.
    heat    1 to 6, which names its colour; 0 for none.
    """

    day: str
    hour: int
    level: int
    heat: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One octave of times between two exchanges of an account.

    label   From when on.
    """

    label: str
    level: int
    x: int
    height: int


def week_cells(week: Sequence[int]) -> list[Cell]:
    """Hours of a week, Monday 00:00 UTC first; none when it is not told.

    >>> week_cells([7] + [0] * 167)[0].heat, week_cells(())
    (6, [])
    """
    if len(week) != PROFILE_HOURS:
        return []
    return [
        Cell(
            _DAYS[at // _HOURS],
            at % _HOURS,
            level,
            _heat(level),
            _LEFT + at % _HOURS * _SIDE,
            _TOP + at // _HOURS * _SIDE,
        )
        for at, level in enumerate(week)
    ]


def gap_bars(gaps: Sequence[int]) -> list[Bar]:
    """Octaves of times between exchanges; none when they are not told.

    >>> [bar.label for bar in gap_bars([1] * 16)][:3], gap_bars(())
    (['under 2 s', '2 s', '4 s'], [])
    """
    if len(gaps) != GAP_BINS:
        return []
    return [Bar(_label(at), level, at * _WIDE, level * _HIGH) for at, level in enumerate(gaps)]


def _heat(level: int) -> int:
    return min(level, _HEATS)


def _label(octave: int) -> str:
    """From when on, in the unit that fits."""
    if octave == 0:
        return "under 2 s"
    seconds = 2**octave
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}".replace(".0 ", " ")
    return f"{seconds} s"
