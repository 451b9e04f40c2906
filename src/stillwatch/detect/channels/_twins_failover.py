"""Readable version of the failover bet, for tests and readers: every slot of every start's day is looked at anew."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_failover import AFTER_SLOTS, LIKE_RATE, SLOT_US, SLOTS, Starts

__all__ = ["failover_payments"]


def failover_payments(
    begun: Starts,
    ended: Starts,
    exchanges: tuple[NDArray[np.int32], NDArray[np.int64]],
    outside: tuple[NDArray[np.int64], int],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """As `failover_ratios`."""
    paid = np.ones((len(begun.account), len(weight)))
    for i, (b, when, rate) in enumerate(zip(*begun, strict=True)):
        day = when // SLOT_US // SLOTS * SLOTS
        like = (ended.account != b) & (np.maximum(ended.per_day / rate, rate / ended.per_day) <= LIKE_RATE)
        stops = ended.when_us[like] // SLOT_US - day
        recent = np.array([((stops <= s) & (stops >= s - AFTER_SLOTS)).any() for s in range(SLOTS)])
        if not recent.any():
            continue
        nulls = np.stack([_people(day, *outside), _others(day, b, *exchanges)])
        at = when // SLOT_US - day
        for w, more in enumerate(weight):
            likely = nulls.mean(axis=0) * (1 + more * recent)
            paid[i, w] = likely[at] / likely.sum() / nulls[:, at].max()
    return paid


def _people(day: int, by_hour: NDArray[np.int64], origin_us: int) -> NDArray[np.float64]:
    """Shares of a day's slots by when accounts outside began."""
    slots_an_hour = SLOTS // 24
    hour = (day + np.arange(SLOTS)) // slots_an_hour - origin_us // (slots_an_hour * SLOT_US)
    known = (hour >= 0) & (hour < len(by_hour))
    count = np.where(known, by_hour[np.clip(hour, 0, len(by_hour) - 1)], 0) + 1.0
    return np.asarray(count / count.sum(), np.float64)


def _others(day: int, b: int, account: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of a day's slots by when the family's other accounts were active."""
    slot = time_us[account != b] // SLOT_US - day
    count = np.bincount(slot[(slot >= 0) & (slot < SLOTS)], minlength=SLOTS) + 1.0
    return np.asarray(count / count.sum(), np.float64)
