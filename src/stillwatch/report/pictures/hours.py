"""Hours with traffic, binned so that a picture of any span has a few hundred bars at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Bins", "bin_hours", "day_ticks"]

_WIDTHS_H = (1, 3, 6, 12, 24, 24 * 7, 24 * 28)
_MOST_BINS = 180
_MOST_TICKS = 5


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
    """Midnights to label, as (share of the span, ``2 Mar``); six at most. Spans under two days get hours."""
    span = end - start
    if span < timedelta(days=2):
        steps = [start + span * i / 4 for i in range(5)]
        return [(i / 4, f"{time:%H:%M}") for i, time in enumerate(steps)]
    step = timedelta(days=max(1, -(-span.days // _MOST_TICKS)))
    midnight = (start + timedelta(hours=23, minutes=59)).replace(hour=0, minute=0)
    ticks = []
    while midnight <= end:
        ticks.append(((midnight - start) / span, f"{midnight.day} {midnight:%b}"))
        midnight += step
    return ticks
