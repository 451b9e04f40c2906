"""Ratios of sums over accounts, with an error that lets accounts differ."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels_ratio import sandwich

__all__ = ["MIN_ACCOUNTS", "NOT_JUDGED", "judged_ratio", "ratio", "share"]

MIN_ACCOUNTS: Final = 8
"""Fewer accounts (or bins of time) give no standard error worth having: at 8 it is itself uncertain by a quarter,
1/sqrt(2 * 7)."""

NOT_JUDGED: Final = (math.nan, math.nan)


def ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> tuple[float, float]:
    """Sum of `numerator` over sum of `denominator`, and the sandwich error over their entries (at least 2).

    References    Cochran (1977), Sampling Techniques, 3rd ed., eq. 6.9, with n / (n - 1).
    >>> value, error = ratio(np.array([1.0, 0.0, 1.0, 0.0]), np.ones(4))
    >>> value, round(error, 4)
    (0.5, 0.2887)
    """
    value, error, _ = sandwich(numerator, denominator)
    return value, error


def judged_ratio(
    numerator: NDArray[np.float64], denominator: NDArray[np.float64], variance: float
) -> tuple[float, float]:
    """`ratio`, missing below `MIN_ACCOUNTS` entries.

    variance    Of the numerator's sum if accounts did not differ; the error is never below what follows from it.
    """
    if len(denominator) < MIN_ACCOUNTS:
        return NOT_JUDGED
    value, error, total = sandwich(numerator, denominator)
    return value, max(error, math.sqrt(variance) / total)


def share(hits: NDArray[np.float64], trials: NDArray[np.int64]) -> tuple[float, float]:
    """Share of hits among the trials of all accounts, missing below `MIN_ACCOUNTS` of them.

    The error is never below that of independent trials, nor below one trial: no hit in a hundred is not zero.

    >>> share(np.zeros(10), np.full(10, 10))
    (0.0, 0.01)
    """
    tried = trials > 0
    total = float(trials.sum())
    p = float(hits.sum()) / total if total else 0.0
    return judged_ratio(hits[tried], trials[tried].astype(np.float64), total * p * (1 - p) + 1)
