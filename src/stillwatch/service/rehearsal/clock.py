"""A clock that stands until it is told to go on: days of traffic are played in minutes."""

from datetime import UTC, datetime, timedelta

from stillwatch.act.decide.clock import Clock

__all__ = ["SteppedClock"]


class SteppedClock:
    """Time of the story; it never goes back, and may be read from several threads.

    >>> clock = SteppedClock(datetime(2026, 11, 27, tzinfo=UTC))
    >>> clock.go_to(datetime(2026, 11, 27, 0, 0, 30, tzinfo=UTC))
    >>> clock.go_to(datetime(2026, 11, 26, tzinfo=UTC))
    >>> clock.wall().isoformat(), clock.steady_s()
    ('2026-11-27T00:00:30+00:00', 30.0)
    """

    def __init__(self, start: datetime) -> None:
        self._start = self._now = start.astimezone(UTC)

    def wall(self) -> datetime:
        """Now, UTC."""
        return self._now

    def steady_s(self) -> float:
        """Seconds since the start."""
        return (self._now - self._start).total_seconds()

    def go_to(self, at: datetime) -> None:
        """Step to a time; one that has passed changes nothing."""
        self._now = max(self._now, at.astimezone(UTC))

    def go_on(self, by: timedelta) -> None:
        """Step by so much."""
        self.go_to(self._now + by)

    def clock(self) -> Clock:
        """The same, as a service takes it."""
        return Clock(self.wall, self.steady_s)
