"""Hot loop of the failover bet; `_twins_failover.py` has the readable version."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["AFTER_SLOTS", "LIKE_RATE", "SLOTS", "SLOT_US", "Starts", "failover_ratios"]

SLOT_US = 600_000_000
SLOTS = 144
AFTER_SLOTS = 6
"""A start follows a stop when it comes in the same ten minutes or in the six after."""
LIKE_RATE = 4.0
_HOUR_US = 3_600_000_000


class Starts(NamedTuple):
    """Accounts of a family that began, or that stopped, in order of time.

    account     Code in the family.
    when_us     Time of the event.
    per_day     Exchanges a day while the account lived.
    """

    account: NDArray[np.int64]
    when_us: NDArray[np.int64]
    per_day: NDArray[np.float64]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def failover_ratios(
    begun: Starts,
    ended: Starts,
    exchanges: tuple[NDArray[np.int32], NDArray[np.int64]],
    outside: tuple[NDArray[np.int64], int],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What a bet of each weight pays for the slot in which each account began; 1 where no stop came before.

    exchanges   Account code and time of the family's exchanges, in order of time.
    outside     Accounts outside the family that began in each hour, and the start of the first hour.
    Returns     Shape (starts, weights).
    """
    account, time_us = exchanges
    by_hour, origin_us = outside
    n, n_stops = begun.when_us.shape[0], ended.when_us.shape[0]
    ratio = np.ones((n, weight.shape[0]))
    active, mine = np.zeros(SLOTS), np.zeros(SLOTS)
    recent = np.zeros(SLOTS, np.bool_)
    hours = np.zeros(24)
    day, low, high, first_stop = np.int64(-1), 0, 0, 0
    for i in range(n):
        b, start = begun.account[i], begun.when_us[i] // SLOT_US
        if start // SLOTS != day:
            day = start // SLOTS
            while low < time_us.shape[0] and time_us[low] // SLOT_US < day * SLOTS:
                low += 1
            active[:] = 0.0
            high = low
            while high < time_us.shape[0] and time_us[high] // SLOT_US < (day + 1) * SLOTS:
                active[time_us[high] // SLOT_US - day * SLOTS] += 1.0
                high += 1
            for h in range(24):
                at = day * 24 + h - origin_us // _HOUR_US
                hours[h] = 1.0 + (by_hour[at] if 0 <= at < by_hour.shape[0] else 0)
            while first_stop < n_stops and ended.when_us[first_stop] // SLOT_US < day * SLOTS - AFTER_SLOTS:
                first_stop += 1
        recent[:] = False
        found = False
        for j in range(first_stop, n_stops):
            at = ended.when_us[j] // SLOT_US - day * SLOTS
            if at >= SLOTS:
                break
            rates = ended.per_day[j] / begun.per_day[i]
            if ended.account[j] != b and 1.0 / LIKE_RATE <= rates <= LIKE_RATE:
                for slot in range(max(at, 0), min(at + AFTER_SLOTS + 1, SLOTS)):
                    recent[slot] = True
                    found = True
        if not found:
            continue
        mine[:] = 0.0
        for row in range(low, high):
            if account[row] == b:
                mine[time_us[row] // SLOT_US - day * SLOTS] += 1.0
        all_hours = hours.sum() * 6.0
        all_active = active.sum() - mine.sum() + SLOTS
        for w in range(weight.shape[0]):
            total, here, largest = 0.0, 0.0, 0.0
            for slot in range(SLOTS):
                people = hours[slot // 6] / all_hours
                own = (active[slot] - mine[slot] + 1.0) / all_active
                likely = (people + own) / 2 * (1.0 + (weight[w] if recent[slot] else 0.0))
                total += likely
                if slot == start - day * SLOTS:
                    here, largest = likely, max(people, own)
            ratio[i, w] = here / total / largest
    return ratio
