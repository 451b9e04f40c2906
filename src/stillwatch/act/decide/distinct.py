"""How many different ones were seen in the last hour or day: linear counting in slots that remember their minute.

References
----------
Whang, Vander-Zanden, Taylor (1990), A linear-time probabilistic counting algorithm, ACM TODS 15, 208-229, eq. 3.
"""

import math
from array import array
from typing import Final

__all__ = ["DAY_MINUTES", "HOUR_MINUTES", "Distinct", "Minutes"]

HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 1440
_SLOTS: Final = 1 << 18
_MASK: Final = _SLOTS - 1


class Minutes:
    """A sum over the last minutes, 60 unless told otherwise, that costs the same however much is in it.

    >>> seen = Minutes()
    >>> seen.add(5); seen.add(64); seen.total
    2
    >>> seen.advance(65); seen.total
    1
    """

    def __init__(self, window: int = HOUR_MINUTES) -> None:
        self.total = 0
        self.minute = 0
        self.window: Final = window
        self._ring = [0] * window

    def advance(self, minute: int) -> None:
        """Forget what is older than the window; a minute that has passed cannot come back."""
        if minute <= self.minute:
            return
        for passed in range(self.minute + 1, min(minute, self.minute + self.window) + 1):
            self.total -= self._ring[passed % self.window]
            self._ring[passed % self.window] = 0
        self.minute = minute

    def add(self, minute: int, n: int = 1) -> None:
        """Count at a minute; one that is older than the window is not counted."""
        self.advance(minute)
        if minute > self.minute - self.window:
            self._ring[minute % self.window] += n
            self.total += n


class Distinct:
    """Estimate of the different values of the last minutes, in 1 MiB: of a million within 1 %, of few exactly.

    >>> seen = Distinct()
    >>> [seen.add(name, 61) for name in ("a", "b", "a")]
    [True, True, False]
    >>> round(seen.estimate)
    2
    """

    def __init__(self, window: int = HOUR_MINUTES) -> None:
        self._last = array("I", bytes(array("I").itemsize * _SLOTS))
        self._seen = Minutes(window)

    def add(self, value: str, minute: int) -> bool:
        """See a value; whether it is new in the window, as far as slots can tell.

        minute      From the window's length on, so that a slot that was never used lies before the window.
        """
        seen = self._seen
        seen.advance(minute)
        now = seen.minute
        slot = hash(value) & _MASK
        last = self._last[slot]
        if last == now:
            return False
        is_new = last <= now - seen.window
        if not is_new:
            seen.add(last, -1)
        seen.add(now)
        self._last[slot] = now
        return is_new

    def advance(self, minute: int) -> None:
        """Forget what is older than the window."""
        self._seen.advance(minute)

    @property
    def estimate(self) -> float:
        """How many there are."""
        taken = self._seen.total
        return -_SLOTS * math.log1p(-min(taken, _SLOTS - 1) / _SLOTS)
