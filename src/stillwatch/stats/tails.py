"""Exact tails: overlaps of two sets, intervals of a proportion, and how many of many tests to believe."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from stillwatch.errors import InvalidInput
from stillwatch.stats._kernels_tails import log_sums

__all__ = ["benjamini_hochberg", "clopper_pearson", "log_hypergeometric_tail"]


def log_hypergeometric_tail(
    overlap: ArrayLike, size_a: ArrayLike, size_b: ArrayLike, population: ArrayLike
) -> NDArray[np.float64]:
    """Natural log of P(X >= overlap), X the common members of two random sets; exact far below the smallest float.

    overlap         Members two families have in common.
    size_a, size_b  Members of each.
    population      All members there are; at least each size. All arguments broadcast.
    Raises          InvalidInput if the counts cannot be.

    >>> round(float(np.exp(log_hypergeometric_tail(2, 3, 4, 10))), 6)
    0.333333
    >>> float(log_hypergeometric_tail(0, 3, 4, 10))
    0.0
    >>> bool(log_hypergeometric_tail(500, 500, 500, 1_000_000) < -4000)
    True
    """
    x, a, b, n = (np.asarray(v, dtype=np.float64) for v in np.broadcast_arrays(overlap, size_a, size_b, population))
    if ((x < 0) | (a < 0) | (b < 0) | (a > n) | (b > n)).any():
        message = "overlap and sizes must be 0 or above and no size larger than the population"
        raise InvalidInput(message)
    tail = np.zeros(x.shape)
    tail[x > np.minimum(a, b)] = -np.inf
    possible = (x > np.maximum(0, a + b - n)) & (x <= np.minimum(a, b))
    above_mean = possible & (x * n > a * b)
    below_mean = possible & ~above_mean
    tail[above_mean] = log_sums(x[above_mean], a[above_mean], b[above_mean], n[above_mean], 1)
    rest = log_sums(x[below_mean] - 1, a[below_mean], b[below_mean], n[below_mean], -1)
    tail[below_mean] = np.log1p(-np.exp(rest))
    return np.minimum(tail, 0.0)


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval for a proportion: never covers less than `confidence`.

    successes   0 to trials.
    trials      At least 1.
    Raises      InvalidInput if a count or the confidence is out of range.
    References  Clopper and Pearson (1934), Biometrika 26, 404-413.

    >>> [round(end, 4) for end in clopper_pearson(0, 4600)]
    [0.0, 0.0008]
    """
    if not (0 <= successes <= trials and trials >= 1 and 0 < confidence < 1):
        message = f"successes must be in 0 to trials, confidence in (0, 1), got {successes} of {trials}, {confidence}"
        raise InvalidInput(message)
    outside = (1 - confidence) / 2
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, outside)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - outside)) if failures else 1.0
    return low, high


def benjamini_hochberg(p_values: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Tests to reject so that the expected share of false ones is at most alpha.

    It holds for independent and for positively dependent tests.

    alpha       False discovery rate, in (0, 1].
    References  Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57, 289-300; Benjamini and Yekutieli (2001).

    >>> benjamini_hochberg([0.001, 0.5, 0.03], 0.05).tolist()
    [True, False, True]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= alpha * np.arange(1, p.size + 1) / p.size)
    rejected = np.zeros(p.size, dtype=np.bool_)
    rejected[order[: passed[-1] + 1 if passed.size else 0]] = True
    return rejected
