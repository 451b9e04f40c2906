"""What was touched in the last 24 hours, in bounded memory: a sum, how many different ones, and the evidence of each.

Time goes in steps of 24 minutes, and a window has 60 of them.

References
----------
Whang, Vander-Zanden, Taylor (1990), A linear-time probabilistic counting algorithm, ACM TODS 15, 208-229, eq. 3.
"""

import math
from array import array
from typing import Final

__all__ = ["STEP_S", "WINDOW_STEPS", "Distinct", "Largest", "Steps"]

WINDOW_STEPS: Final = 60
STEP_S: Final = 1440.0
_SLOTS: Final = 1 << 18
_MASK: Final = _SLOTS - 1
_MOST: Final = (1 << 32) - 1


class Steps:
    """A sum over the last 60 steps that costs the same however much is in it.

    >>> seen = Steps()
    >>> seen.add(5); seen.add(64); seen.total
    2
    >>> seen.advance(65); seen.total
    1
    """

    def __init__(self) -> None:
        self.total = 0
        self.step = 0
        self._ring = [0] * WINDOW_STEPS

    def advance(self, step: int) -> None:
        """Forget what is older than the window; a step that has passed cannot come back."""
        if step <= self.step:
            return
        for passed in range(self.step + 1, min(step, self.step + WINDOW_STEPS) + 1):
            self.total -= self._ring[passed % WINDOW_STEPS]
            self._ring[passed % WINDOW_STEPS] = 0
        self.step = step

    def add(self, step: int, n: int = 1) -> None:
        """Count at a step; one that is older than the window is not counted."""
        self.advance(step)
        if step > self.step - WINDOW_STEPS:
            self._ring[step % WINDOW_STEPS] += n
            self.total += n


class Distinct:
    """Estimate of the different values of the last 60 steps, in 1 MiB: of a million within 1 %, of few exactly.

    >>> seen = Distinct()
    >>> [seen.add(name, 61) for name in ("a", "b", "a")]
    [True, True, False]
    >>> round(seen.estimate)
    2
    """

    def __init__(self) -> None:
        self._last = _zeros("I")
        self._seen = Steps()

    def add(self, value: str, step: int) -> bool:
        """See a value; whether it is new in the window, as far as slots can tell.

        step        From 60 on, so that a slot that was never used lies before the window.
        """
        seen = self._seen
        seen.advance(step)
        now = seen.step
        slot = hash(value) & _MASK
        last = self._last[slot]
        if last == now:
            return False
        is_new = last <= now - WINDOW_STEPS
        if not is_new:
            seen.add(last, -1)
        seen.add(now)
        self._last[slot] = now
        return is_new

    def advance(self, step: int) -> None:
        """Forget what is older than the window."""
        self._seen.advance(step)

    @property
    def estimate(self) -> float:
        """How many there are."""
        taken = self._seen.total
        return -_SLOTS * math.log1p(-min(taken, _SLOTS - 1) / _SLOTS)


class Largest:
    """A number for each value of the last 60 steps, and their sum, in 4 MiB: however often a value comes, it adds once.

    Of values that fall into one slot the one with the largest number holds it. So the sum is never more than that of
    the numbers that the values of the window were last seen with, and none that is large is ever left out; of 25,000
    equal ones about 5 % are, of 100,000 about 17 %.

    >>> seen = Largest()
    >>> [seen.add(name, n, 61) for name, n in (("a", 5), ("a", 5), ("b", 1), ("a", 7), ("a", 2))]
    [True, False, True, True, True]
    >>> seen.total
    3
    """

    def __init__(self) -> None:
        self._last, self._number, self._holder = _zeros("I"), _zeros("I"), array("q", bytes(8 * _SLOTS))
        self._seen = Steps()

    def add(self, value: tuple[str, ...], number: int, step: int) -> bool:
        """See a value; whether anything has changed by it.

        number      0 to 2**32 - 1; more is taken as that.
        step        From 60 on, so that a slot that was never used lies before the window.
        """
        seen, name = self._seen, hash(value)
        seen.advance(step)
        now, slot, number = seen.step, name & _MASK, min(number, _MOST)
        last, held = self._last[slot], self._number[slot]
        is_held, is_holder = last > now - WINDOW_STEPS, self._holder[slot] == name
        if is_held and ((is_holder and last == now and held == number) or (not is_holder and held >= number)):
            return False
        if is_held:
            seen.add(last, -held)
        seen.add(now, number)
        self._last[slot], self._number[slot], self._holder[slot] = now, number, name
        return True

    def advance(self, step: int) -> None:
        """Forget what is older than the window."""
        self._seen.advance(step)

    @property
    def total(self) -> int:
        """Sum of the numbers."""
        return self._seen.total


def _zeros(kind: str) -> "array[int]":
    return array(kind, bytes(array(kind).itemsize * _SLOTS))
