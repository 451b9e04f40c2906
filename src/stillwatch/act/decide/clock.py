"""Two clocks: the wall's tells when a decision ends, the steady one how long something took."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["Clock", "Moment"]


class Moment(NamedTuple):
    """Now, on both clocks.

    wall        UTC; it can jump, in both directions.
    steady_s    Seconds since some time; it never goes back.
    """

    wall: datetime
    steady_s: float


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time comes from; tests give their own."""

    wall: Callable[[], datetime] = _wall
    steady_s: Callable[[], float] = time.monotonic

    def unix_s(self) -> float:
        """Seconds since 1970."""
        return self.wall().timestamp()

    def now(self) -> Moment:
        """The moment on both clocks."""
        return Moment(self.wall(), self.steady_s())
