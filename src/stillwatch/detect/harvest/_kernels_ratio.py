"""Hot loops of ratios over accounts; `ratio.py` and `similarity.py` say what they are for."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["pair_sums", "sandwich"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def sandwich(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> tuple[float, float, float]:
    """Ratio of the sums, the sandwich error of the ratio over at least two entries, and the denominator's sum."""
    n = numerator.shape[0]
    total = denominator.sum()
    value = numerator.sum() / total
    squares = 0.0
    for i in range(n):
        residual = numerator[i] - value * denominator[i]
        squares += residual * residual
    return value, math.sqrt(n / (n - 1) * squares) / total, total


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def pair_sums(
    counts: NDArray[np.int64], joint: NDArray[np.float64], own: NDArray[np.float64], mean_square: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Of groups of n >= 2 vectors: (|sum e|^2 - sum |e|^2) / (n v), and n - 1; then the sum of (n - 1) / n."""
    n_groups = (counts >= 2).sum()
    sums, weights, spread = np.empty(n_groups), np.empty(n_groups), 0.0
    at = 0
    for g in range(counts.shape[0]):
        if counts[g] >= 2:
            sums[at], weights[at] = (joint[g] - own[g]) / (counts[g] * mean_square), counts[g] - 1.0
            spread += (counts[g] - 1.0) / counts[g]
            at += 1
    return sums, weights, spread
