"""Readable version of the shares of stops and changes, for tests and readers: event by event."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_lives import Activity
from stillwatch.model.family import SETTLED_US

__all__ = ["largest_shares"]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


def largest_shares(
    activity: Activity,
    when_us: NDArray[np.int64],
    settled_us: NDArray[np.int64],
    outside: NDArray[np.float64],
    hours: NDArray[np.int64],
) -> NDArray[np.float64]:
    """As the kernel."""
    account, time_us, first_us = activity
    settled = time_us[time_us - first_us[account] >= SETTLED_US]
    mean = max(float((when_us - settled_us).mean()), 1.0)
    share = outside.copy()
    for (e, w), p in np.ndenumerate(outside):
        width = hours[w] * _HOUR_US
        bin_, hour = when_us[e] // width, when_us[e] % _DAY_US // width
        by_bin = [(np.count_nonzero(times // width == bin_) + 1) / (len(times) + 1) for times in (time_us, settled)]
        by_hour = (np.count_nonzero(time_us % _DAY_US // width == hour) + 1) / (len(time_us) + 1)
        begin, end = (max(float(edge * width - settled_us[e]), 0.0) / mean for edge in (bin_, bin_ + 1))
        fading = (np.exp(-begin) - np.exp(-end)) * max(by_hour * 24 / hours[w], 1.0)
        share[e, w] = max(p, min(max(*by_bin, outside[e, -1] * by_hour, fading), 1.0))
    return share
