"""cd: is the load evened out? Use by people is spread over orders of magnitude; dealt-out work is not."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest.heads import head_rows
from stillwatch.detect.harvest.ratio import MIN_ACCOUNTS, NOT_JUDGED
from stillwatch.model.family import Family

__all__ = ["Load", "truncated_rate", "truncated_variance"]

_LARGE_MEAN: Final = 200.0
"""From here on the truncation and the tails of a Poisson's log variance no longer show."""


class Load:
    """Log of 1 + the squared coefficient of variation of the accounts' rates, their counts being random beside it.

    0 when exchanges are dealt at random, about 1.4 where rates are as spread as a lognormal with sigma 1.2, below 0 for
    quotas. How much was sent does not matter: the variance beyond that of a zero-truncated Poisson is taken as a share
    of the squared mean, so that accounts which a dispatcher gave twice as long a life stay a factor of two apart.
    """

    name: Final = "cd"
    meaning: Final = "Is the load evened out between accounts?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Spread and its error, leaving out one account at a time, never below that of random dealing.

        NaN with fewer than 8 accounts, or when fewer than 8 exchanges are not their account's first: almost all counts
        are 1 then, whoever sends.
        """
        counts = np.bincount(family.account[head_rows(family)]).astype(np.float64)
        counts = counts[counts > 0]
        if len(counts) < MIN_ACCOUNTS or counts.sum() - len(counts) < MIN_ACCOUNTS:
            return NOT_JUDGED
        return _log_spread(counts)


def _log_spread(counts: NDArray[np.float64]) -> tuple[float, float]:
    n, mean = len(counts), float(counts.mean())
    by_chance = truncated_variance(mean)
    deviation = counts - mean
    squares = float(deviation @ deviation)
    value = math.log1p(max((squares / (n - 1) - by_chance) / mean**2, -0.999))
    random_error = _random_error(mean, n) * by_chance / mean**2 / math.exp(value)
    left_mean = (mean * n - counts) / (n - 1)
    left_squares = np.maximum(squares - n / (n - 1) * deviation**2, 0.0)
    left_chance = by_chance * np.exp(_slope(mean) * (left_mean - mean))
    without = np.log1p(np.maximum((left_squares / (n - 2) - left_chance) / left_mean**2, -0.999))
    jackknife = math.sqrt((n - 1) * float(np.var(without)))
    return value, max(jackknife, random_error)


def truncated_rate(mean: float) -> float:
    """Rate of the Poisson distribution whose zero-truncated mean is `mean`, above 1.

    Newton's method from above on rate / (1 - exp(-rate)) = mean, which is convex and increasing.

    >>> rate = truncated_rate(2.0)
    >>> round(rate / (1 - math.exp(-rate)), 9)
    2.0
    """
    rate = mean
    for _ in range(60):
        filled = -math.expm1(-rate)
        step = (rate / filled - mean) * filled**2 / (filled - rate * math.exp(-rate))
        rate -= step
        if abs(step) <= 1e-12 * rate:
            break
    return rate


def truncated_variance(mean: float) -> float:
    """Variance of the zero-truncated Poisson of that mean, above 1."""
    return mean * (1 + truncated_rate(mean) - mean)


def _slope(mean: float) -> float:
    """Derivative of the log of `truncated_variance`."""
    step = 1e-4 * (mean - 1)
    return math.log(truncated_variance(mean + step) / truncated_variance(mean - step)) / (2 * step)


def _random_error(mean: float, n: int) -> float:
    """Standard error of the log ratio when `n` counts are zero-truncated Poisson."""
    if mean > _LARGE_MEAN:
        return math.sqrt(2 / (n - 1))
    rate = truncated_rate(mean)
    counts = np.arange(1, int(mean + 12 * math.sqrt(mean)) + 20)
    log_p = counts * math.log(rate) - rate - np.cumsum(np.log(counts))
    p = np.exp(log_p)
    influence = (counts - mean) ** 2 / truncated_variance(mean) - 1 - _slope(mean) * (counts - mean)
    return math.sqrt(float(p @ influence**2 / p.sum()) / (n - 1))
