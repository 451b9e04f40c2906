"""Accounts in use at a time, each replaced by a new one when it is banned."""

from dataclasses import dataclass

import numpy as np

from stillwatch.simulate.arrays import FloatArray, IntArray

__all__ = ["Lives", "Slots", "live_on", "live_once"]

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives of accounts, slot by slot and in order of time.

    slot       Slot of each life.
    begin_s    When it takes over, seconds since the start of the window; 0 for the first of a slot.
    """

    slot: IntArray
    begin_s: FloatArray

    def __len__(self) -> int:
        """Lives, that is accounts."""
        return len(self.slot)


def live_once(n_slots: int) -> Lives:
    """One account per slot, never banned."""
    return Lives(np.arange(n_slots, dtype=np.int64), np.zeros(n_slots))


def live_on(rng: np.random.Generator, n_slots: int, end_day: float, lifetime_days: float, start_day: float) -> Lives:
    """Accounts that last an exponential time of the given mean, counted from `start_day`, until `end_day`.

    A constant chance of a ban per day is what review by sampling does to an operator that it has not understood.
    """
    most = int((end_day - start_day) / lifetime_days * 2.0) + 20
    ends = start_day + np.cumsum(rng.exponential(lifetime_days, (n_slots, most)), axis=1)
    begins = np.column_stack([np.zeros(n_slots), ends])
    slot, generation = np.nonzero(begins < end_day)
    return Lives(slot.astype(np.int64), begins[slot, generation] * _DAY_S)


@dataclass(frozen=True, slots=True)
class Slots:
    """`n` slots and the accounts that fill them over time; `accounts` stand in the order of `lives`."""

    n: int
    lives: Lives
    accounts: IntArray

    def serving(self, slot: IntArray, time_s: FloatArray) -> IntArray:
        """Place, among `accounts`, of the one that fills a slot at a time.

        >>> lives = Lives(np.array([0, 0, 1]), np.array([0.0, 50.0, 0.0]))
        >>> Slots(2, lives, np.array([7, 8, 9])).serving(np.array([0, 0, 1]), np.array([49.0, 50.0, 99.0])).tolist()
        [0, 1, 2]
        """
        if len(self.lives) == self.n:
            return slot
        span = max(float(self.lives.begin_s.max()), float(time_s.max(initial=0.0))) + 1.0
        begins = self.lives.slot * span + self.lives.begin_s
        return np.searchsorted(begins, slot * span + time_s, side="right") - 1

    def parted(self, cut: int) -> tuple["Slots", "Slots"]:
        """The first `cut` slots, and the others."""
        low = self.lives.slot < cut
        first = Lives(self.lives.slot[low], self.lives.begin_s[low])
        others = Lives(self.lives.slot[~low] - cut, self.lives.begin_s[~low])
        return Slots(cut, first, self.accounts[low]), Slots(self.n - cut, others, self.accounts[~low])
