"""Token buckets over many requests at once; the twin is `act.decide.throttles.Throttles`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.act.decide.throttles import DAY_S, HOLD_S

__all__ = ["over_rate", "over_shared_rate"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def over_rate(
    stream: NDArray[np.int64], at_s: NDArray[np.float64], rate_per_minute: NDArray[np.float64], burst_s: float
) -> NDArray[np.bool_]:
    """Whether each request is over its stream's rate.

    stream              By stream, then time.
    at_s                Seconds; one that goes back is taken to stand still.
    rate_per_minute     Above 0.
    """
    refused = np.zeros(len(stream), np.bool_)
    tokens, since_s = 0.0, 0.0
    for i in range(len(stream)):
        rate = rate_per_minute[i] / 60.0
        burst = max(1.0, rate * burst_s)
        now_s = at_s[i]
        if i == 0 or stream[i] != stream[i - 1]:
            tokens, since_s = burst, now_s
        now_s = max(now_s, since_s)
        tokens = min(burst, tokens + (now_s - since_s) * rate)
        since_s = now_s
        if tokens >= 1.0:
            tokens -= 1.0
        else:
            refused[i] = True
    return refused


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def over_shared_rate(
    campaign: NDArray[np.int64],
    stream: NDArray[np.int64],
    at_s: NDArray[np.float64],
    rate_per_minute: NDArray[np.float64],
    own_per_day: NDArray[np.float64],
    burst_s: float,
) -> NDArray[np.bool_]:
    """Whether each request is over its stream's own and finds no place in its campaign's queue.

    campaign            By campaign, then time.
    stream              From 0 on, a number for each.
    own_per_day         At least 1.
    """
    refused = np.zeros(len(stream), np.bool_)
    own_s = np.full(stream.max() + 1 if len(stream) else 0, -np.inf)
    place_s = np.full(len(own_s), np.nan)
    next_s = -np.inf
    for i in range(len(stream)):
        one, now_s, gap_s = stream[i], at_s[i], 60.0 / rate_per_minute[i]
        if i == 0 or campaign[i] != campaign[i - 1]:
            next_s = -np.inf
        own_at_s = own_s[one] - DAY_S * (1.0 - 1.0 / own_per_day[i])
        if now_s > place_s[one] + HOLD_S:
            place_s[one] = np.nan
        if now_s >= own_at_s and not place_s[one] <= now_s:
            own_s[one] = max(own_s[one], now_s) + DAY_S / own_per_day[i]
            continue
        if np.isnan(place_s[one]):
            place = max(next_s, now_s - max(0.0, burst_s - gap_s))
            if place < own_at_s:
                place_s[one] = place
                next_s = place + gap_s
        if place_s[one] <= now_s:
            place_s[one] = np.nan
        else:
            refused[i] = True
    return refused
