"""Hot loop of the bets on common stops and changes; `_twins_lives.py` has the readable version."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.model.family import SETTLED_US

__all__ = ["Activity", "largest_shares"]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


class Activity(NamedTuple):
    """Exchanges of a family in order of time: account code and time, and by account when it began."""

    account: NDArray[np.int32]
    time_us: NDArray[np.int64]
    first_us: NDArray[np.int64]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def largest_shares(
    activity: Activity,
    when_us: NDArray[np.int64],
    settled_us: NDArray[np.int64],
    outside: NDArray[np.float64],
    hours: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Largest share that any null gives the bin of each event, for each width.

    when_us, settled_us     Of each event: its time, and from when on its account could have it.
    outside                 Share outside the family of the bin of each event. Shape (events, widths); days last.
    hours                   Widths of bins.
    """
    account, time_us, first_us = activity
    n, n_events = time_us.shape[0], when_us.shape[0]
    n_settled = 0
    settled = np.empty(n, np.int64)
    for i in range(n):
        if time_us[i] - first_us[account[i]] >= SETTLED_US:
            settled[n_settled] = time_us[i]
            n_settled += 1
    mean = max((when_us - settled_us).mean(), 1.0)
    share = np.empty((n_events, hours.shape[0]))
    for w in range(hours.shape[0]):
        width = hours[w] * _HOUR_US
        of_day = np.zeros(_DAY_US // width, np.int64)
        for i in range(n):
            of_day[time_us[i] % _DAY_US // width] += 1
        start = when_us // width * width
        any_time = np.searchsorted(time_us, start + width) - np.searchsorted(time_us, start)
        late = np.searchsorted(settled[:n_settled], start + width) - np.searchsorted(settled[:n_settled], start)
        for e in range(n_events):
            by_bin = max((any_time[e] + 1) / (n + 1), (late[e] + 1) / (n_settled + 1))
            by_hour = (of_day[when_us[e] % _DAY_US // width] + 1) / (n + 1)
            low, high = max(start[e] - settled_us[e], 0) / mean, max(start[e] + width - settled_us[e], 0) / mean
            fading = (np.exp(-low) - np.exp(-high)) * max(by_hour * (24 / hours[w]), 1.0)
            inside = min(max(by_bin, outside[e, -1] * by_hour, fading), 1.0)
            share[e, w] = max(inside, outside[e, w])
    return share
