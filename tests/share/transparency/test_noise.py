"""Noise: of the stated distribution, and never above its bound more often than stated."""

import math

import numpy as np
import pytest
from scipy.stats import dlaplace

from stillwatch.errors import InvalidInput
from stillwatch.share.transparency.noise import laplace, most_noise

DRAWS = 20_000


@pytest.mark.parametrize("epsilon", [0.2, 1.0, 3.0])
def test_noise_is_discrete_laplace(epsilon: float) -> None:
    """Mean and variance of 20,000 draws within six standard errors of scipy's; the counts are in it."""
    drawn = np.array(laplace(epsilon)([7] * DRAWS)) - 7
    wanted = dlaplace(epsilon)
    variance, kurtosis = (float(x) for x in wanted.stats("vk"))
    assert abs(drawn.mean()) < 6 * math.sqrt(variance / DRAWS)
    assert abs(drawn.var() - variance) < 6 * variance * math.sqrt((kurtosis + 2) / DRAWS)


@pytest.mark.parametrize("epsilon", [0.05, 1 / 6, 1.0, 5.0])
@pytest.mark.parametrize("chance", [0.5, 0.05, 0.05 / 6, 1e-6])
def test_the_bound_is_the_smallest_that_holds(epsilon: float, chance: float) -> None:
    """Against scipy's tails."""
    bound = most_noise(epsilon, chance)
    assert 2 * dlaplace(epsilon).sf(bound) <= chance * (1 + 1e-9)
    assert bound == 0 or 2 * dlaplace(epsilon).sf(bound - 1) > chance


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 11.0, float("nan"), float("inf")])
def test_no_noise_is_refused(epsilon: float) -> None:
    """Nothing, less than nothing, so much that counts would stand in clear."""
    with pytest.raises(InvalidInput, match="epsilon"):
        laplace(epsilon)
