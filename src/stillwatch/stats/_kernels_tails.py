"""Hot loop of hypergeometric tails; its oracle is exact arithmetic in `tests/stats/test_tails.py`."""

from math import lgamma, log

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["log_sums"]

_NEGLIGIBLE = 1e-17

Floats = NDArray[np.float64]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def log_sums(x: Floats, a: Floats, b: Floats, n: Floats, step: int) -> Floats:
    """Log of the sum of all masses from x outwards, by the ratio of neighbours; x is on its own side of the mean."""
    found = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        at, size_a, size_b, rest = x[i], a[i], b[i], n[i] - a[i] - b[i]
        first = lgamma(size_a + 1) + lgamma(n[i] - size_a + 1) + lgamma(size_b + 1) + lgamma(n[i] - size_b + 1)
        first -= lgamma(n[i] + 1) + lgamma(at + 1) + lgamma(size_a - at + 1) + lgamma(size_b - at + 1)
        first -= lgamma(rest + at + 1)
        term, total = 1.0, 1.0
        while term >= _NEGLIGIBLE * total:
            if step > 0:
                term *= (size_a - at) * (size_b - at) / ((at + 1) * (rest + at + 1))
            else:
                term *= at * (rest + at) / ((size_a - at + 1) * (size_b - at + 1))
            total += term
            at += step
        found[i] = first + log(total)
    return found
