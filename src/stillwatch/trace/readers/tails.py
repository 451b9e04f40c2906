"""Exact tails of weighted sums, which no fitted Gamma or normal distribution has."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import gumbel
from stillwatch.trace.readers._kernels_lattice import spectrum
from stillwatch.trace.readers._kernels_two_gamma import log_series

__all__ = ["LARGEST_LATTICE", "log_two_gamma_tail", "log_weighted_binomial_tail"]

LARGEST_LATTICE = 2**24
"""Values that a weighted binomial sum may have; of a larger one a bound is given."""


def log_two_gamma_tail(total: float, count: int, weight_a: float, weight_b: float) -> float:
    """Natural log of P(a X + b Y >= total), X and Y independent Gamma variables of shape `count` and scale 1.

    The larger-scaled one is a mixture of Gamma variables of the smaller scale, with negative binomial weights; all
    terms of the series are positive, and a bound on those left out (below exp(-36) of the sum) is added to it.

    weight_a, weight_b  0 or above, one of them positive.
    Raises      InvalidInput for other weights.
    References  Moschopoulos (1985), Ann. Inst. Stat. Math. 37, 541-544.

    >>> round(log_two_gamma_tail(4.0, 1, 0.75, 0.25), 6)  # (3 exp(-16/3) - exp(-16)) / 2
    -4.927876
    """
    small, large = sorted((weight_a, weight_b))
    if small < 0 or large <= 0:
        message = f"weights must be 0 or above and one of them positive, got {weight_a} and {weight_b}"
        raise InvalidInput(message)
    if count == 0 or total <= 0:
        return 0.0
    if small == 0:
        return gumbel.log_tail(total / large, count)
    y = total / small
    if small == large:
        return gumbel.log_tail(y, 2 * count)
    term = 2 * count * np.log(y) - y - gammaln(2 * count + 1)
    return float(log_series(count, y, small / large, gumbel.log_tail(y, 2 * count), term))


def log_weighted_binomial_tail(total: int, count: int, weights: Sequence[int], chance: float) -> float:
    """Natural log of P(sum of w B_w >= total), one independent Binomial(count, chance) B_w for each weight w.

    The sum is tilted so that `total` is its mean, its masses are found by one Fourier transform, and a bound on the
    transform's error is added. A sum of more than 2^24 values gets Chernoff's bound instead, which is never below.

    weights     Whole numbers, at least 1.
    chance      In (0, 1).
    References  Chernoff (1952), Ann. Math. Stat. 23, 493-507; Higham (2002), theorem 24.2 (error of the transform).

    >>> round(float(np.exp(log_weighted_binomial_tail(3, 1, [1, 2], 0.5))), 6)
    0.25
    """
    return _weighted(int(total), int(count), tuple(weights), chance)


@lru_cache(maxsize=4096)
def _weighted(total: int, count: int, weights: tuple[int, ...], chance: float) -> float:
    """The same, kept for a while: texts of equal length ask for equal sums again and again."""
    each, times = np.unique(np.asarray(weights, np.int64), return_counts=True)
    if each.size == 0 or each[0] < 1 or not 0 < chance < 1:
        message = f"weights must be whole numbers above 0 and chance in (0, 1), got {weights} and {chance}"
        raise InvalidInput(message)
    most = count * int(each @ times)
    if count == 0 or total <= 0:
        return 0.0
    if total >= most:
        return count * len(weights) * float(np.log(chance)) if total == most else -np.inf
    tilt = _tilt(total / count, each, times, chance)
    raised = np.log1p(chance * np.expm1(tilt * each))
    log_bound = count * float(times @ raised) - tilt * total
    if most >= LARGEST_LATTICE:
        return min(log_bound, 0.0)
    shares = chance * np.exp(tilt * each - raised)
    return min(log_bound + _log_tilted_tail(total, most, count * times, each, shares, tilt), 0.0)


def _tilt(mean: float, each: NDArray[np.int64], times: NDArray[np.int64], chance: float) -> float:
    """Exponential tilt under which the sum of one draw of each has this mean; 0 where it has that or more."""

    def excess(tilt: float) -> float:
        grown = np.exp(np.minimum(tilt * each, 700.0))
        return float((times * each) @ (chance * grown / (1 - chance + chance * grown))) - mean

    if excess(0.0) >= 0:
        return 0.0
    high = 1.0
    while excess(high) < 0 and high < 600:
        high *= 2
    return float(brentq(excess, 0.0, high)) if excess(high) > 0 else high


def _log_tilted_tail(
    total: int,
    most: int,
    counts: NDArray[np.int64],
    each: NDArray[np.int64],
    shares: NDArray[np.float64],
    tilt: float,
) -> float:
    """Log of sum over x >= total of the tilted mass at x times exp(-tilt (x - total)), and of its error."""
    size = 1 << int(most).bit_length()
    masses = np.fft.irfft(spectrum(size, counts, each, shares), size)[total : most + 1]
    falling = np.exp(-tilt * np.arange(masses.size))
    relative = 8 * np.finfo(float).eps * (np.log2(size) + float(counts.sum()))
    error = relative * float(np.sqrt(masses.max() * (falling @ falling)))
    return float(np.log(max(masses @ falling, 0.0) + error))
