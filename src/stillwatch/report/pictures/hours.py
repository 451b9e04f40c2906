"""Hours with traffic, binned so that a picture of any span has a few hundred bars at most."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Bins", "bin_hours", "day_ticks"]

_WIDTHS_H = (1, 3, 6, 12, 24, 24 * 7, 24 * 28)
_MOST_BINS = 180
_MOST_TICKS = 5
_TICK_STEPS_H = (1, 3, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class Bins:
    """Exchanges by bin.

    start, width_h      Start of the first bin, and hours per bin.
    counts              Exchanges by bin, gaps as 0.
    """

    start: datetime
    width_h: int
    counts: tuple[int, ...]

    @property
    def end(self) -> datetime:
        """End of the last bin."""
        return self.start + timedelta(hours=self.width_h * len(self.counts))


def bin_hours(timeline: Sequence[tuple[datetime, int]], start: datetime, end: datetime) -> Bins:
    """Bin `timeline` between `start` and `end`, with the narrowest bins that stay readable."""
    start = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    span_h = max(1, int((end - start) / timedelta(hours=1)) + 1)
    width_h = next((w for w in _WIDTHS_H if span_h <= w * _MOST_BINS), _WIDTHS_H[-1])
    counts = [0] * (-(-span_h // width_h))
    for time, n in timeline:
        place = int((time - start) / timedelta(hours=width_h))
        if 0 <= place < len(counts):
            counts[place] += n
    return Bins(start, width_h, tuple(counts))


def day_ticks(start: datetime, end: datetime) -> list[tuple[float, str]]:
    """Times to label, as (share of the span, words): midnights as ``2 Mar``, hours between them on short spans."""
    span = end - start
    hours = span / timedelta(hours=1)
    step_h = next((h for h in _TICK_STEPS_H if hours <= h * _MOST_TICKS), 24 * math.ceil(hours / 24 / _MOST_TICKS))
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    times = (first + timedelta(hours=step_h * i) for i in range(int((hours + 24) / step_h) + 2))
    return [((time - start) / span, _tick_words(time)) for time in times if start <= time <= end]


def _tick_words(time: datetime) -> str:
    return f"{time:%H:%M}" if time.hour else f"{time.day} {time:%b}"
