"""A few of very many p-values, enough to draw them all: every small one, and ranks at equal steps of the logarithm."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

__all__ = ["rank_band", "ranked"]


def ranked(log_p: ArrayLike, most: int = 200) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ranks, from 1 for the smallest, and the p-values there; the smallest `most / 4` are all among them.

    log_p       Natural log of each p-value, any order.
    most        About how many to keep.

    >>> ranks, values = ranked(np.log([0.5, 0.1, 0.9]))
    >>> ranks.tolist(), np.exp(values).round(3).tolist()
    ([1, 2, 3], [0.1, 0.5, 0.9])
    """
    ordered = np.sort(np.asarray(log_p, np.float64).ravel())
    n = ordered.size
    if n <= most:
        ranks = np.arange(1, n + 1)
    else:
        spread = np.geomspace(1, n, most - most // 4).round().astype(np.int64)
        ranks = np.unique(np.concatenate([np.arange(1, most // 4 + 1), spread]))
    return ranks, ordered[ranks - 1]


def rank_band(
    ranks: ArrayLike, tests: int, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a p-value of each rank lies when all tests are null and independent: its exact interval, rank by rank.

    ranks       From 1 for the smallest.
    tests       How many tests were made.
    References  The i-th smallest of n uniforms is Beta(i, n - i + 1).

    >>> low, high = rank_band([1], 1)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.025, 0.975)
    """
    i = np.asarray(ranks, np.float64)
    outside = (1 - confidence) / 2
    low, high = (betaincinv(i, tests - i + 1, q) for q in (outside, 1 - outside))
    return np.asarray(low, np.float64), np.asarray(high, np.float64)
