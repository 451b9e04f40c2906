"""Token buckets over many requests at once; the twin is `act.decide.throttles.Throttles`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["over_rate"]


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
