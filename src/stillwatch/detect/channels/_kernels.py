"""Hot loops of the infrastructure channel; `_twins.py` has the readable versions."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.stats._kernels_codes import codes_and_firsts

__all__ = ["codes_by_column", "infrastructure_log2"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def infrastructure_log2(
    value: NDArray[np.int64],
    p_background: NDArray[np.float64],
    stake: NDArray[np.float64],
    concentration: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log2 wealth (attributes, stakes) of each attribute alone, and (1 + attributes, stakes) of all, then all but one.

    value   Code of the attribute's value, 0 to its number of values - 1, -1 unknown. Shape (accounts, attributes).
    """
    k, n_attributes = value.shape
    n_stakes = stake.shape[0]
    alone = np.zeros((n_attributes, n_stakes))
    spread = np.zeros((1 + n_attributes, n_stakes))
    seen = np.zeros(n_attributes, np.int64)
    times = np.zeros((n_attributes, value.max() + 1 if k > 0 else 1), np.int64)
    ratio = np.empty(n_attributes)
    for i in range(k):
        any_known = False
        for a in range(n_attributes):
            x = value[i, a]
            ratio[a] = 1.0
            if x >= 0:
                any_known = True
                ratio[a] = (times[a, x] / p_background[i, a] + concentration) / (seen[a] + concentration)
                times[a, x] += 1
                seen[a] += 1
        if not any_known:
            continue
        for w in range(n_stakes):
            total = 0.0
            for a in range(n_attributes):
                bet = 1.0 + stake[w] * (ratio[a] - 1.0)
                total += bet
                alone[a, w] += math.log2(bet)
            spread[0, w] += math.log2(total / n_attributes)
            for a in range(n_attributes):
                if n_attributes > 1:
                    rest = total - (1.0 + stake[w] * (ratio[a] - 1.0))
                    spread[1 + a, w] += math.log2(rest / (n_attributes - 1))
    return alone, spread


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def codes_by_column(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Codes of the values, column by column; -1 where the value is 0, unknown."""
    codes = np.empty(values.shape, np.int64)
    for a in range(values.shape[1]):
        column = np.ascontiguousarray(values[:, a])
        codes[:, a] = codes_and_firsts(column, column)[0]
        for i in range(values.shape[0]):
            if values[i, a] == 0:
                codes[i, a] = -1
    return codes
