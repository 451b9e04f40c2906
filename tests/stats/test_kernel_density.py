"""Kernel density: kernel against twin, bounds keep the mass, scipy as oracle where it can be one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import gaussian_kde

from stillwatch.errors import InvalidInput
from stillwatch.stats.kernel_density import (
    Bounds,
    KernelSample,
    kernel_densities,
    kernel_densities_plain,
    normal_kernel,
)

BOUNDS = Bounds(np.array([-np.inf, 0.0, 0.0]), np.array([np.inf, np.inf, 1.0]), np.array([0.5, 0.1, 1.0]))
FREE = Bounds(np.full(2, -np.inf), np.full(2, np.inf), np.zeros(2))


def points(rng: np.random.Generator, n: int, missing: float) -> NDArray[np.float64]:
    """Values within the bounds, some missing."""
    values = rng.random((n, 3)) * [4.0, 3.0, 1.0]
    values[rng.random(values.shape) < missing] = np.nan
    return values


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.floats(0, 0.9))
def test_kernel_equals_twin(seed: int, n: int, missing: float) -> None:
    """Joint of every subset and all marginals agree, units left out or not."""
    rng = np.random.default_rng(seed)
    sample = KernelSample(points(rng, n, missing), rng.integers(0, 4, n), BOUNDS)
    x, variance = points(rng, 5, missing), rng.uniform(0.01, 0.5, (5, 3))
    left_out = rng.integers(-1, 4, 5)
    left_out[np.isin(left_out, sample.unit) & (np.unique(sample.unit).size == 1)] = -1
    subsets = rng.random((4, 3)) < 0.6
    found = kernel_densities(x, variance, sample, subsets, left_out=left_out)
    for q in range(5):
        for v in range(4):
            joint, marginal = kernel_densities_plain(x[q], variance[q], sample, subsets[v], int(left_out[q]))
            assert found.joint[q, v] == pytest.approx(joint, rel=1e-9)
            np.testing.assert_allclose(found.marginal[q], marginal, rtol=1e-9)


def test_scipy_gives_the_same_density() -> None:
    """Without bounds, errors and missing values it is scipy's product kernel."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(200, 2))
    oracle = gaussian_kde(data.T, bw_method=0.3)
    covariance = np.diag(oracle.covariance).copy()
    sample = KernelSample(data, np.arange(200), FREE)
    x = rng.normal(size=(30, 2))
    marginal = kernel_densities(x, np.tile(covariance, (30, 1)), sample, np.ones((1, 2), bool)).marginal
    one = gaussian_kde(data[:, 0], bw_method=0.3)
    np.testing.assert_allclose(marginal[:, 0] * 201 / 200, one(x[:, 0]), rtol=1e-9)


@pytest.mark.parametrize(("lower", "upper"), [(0.0, np.inf), (0.0, 1.0), (-np.inf, 1.0)])
@pytest.mark.parametrize("centre", [0.0, 0.07, 0.5, 1.0])
def test_no_mass_leaks_over_the_ends(lower: float, upper: float, centre: float) -> None:
    """A kernel narrower than its interval integrates to one inside."""

    def height(x: float) -> float:
        return float(normal_kernel(np.array([x]), np.array([centre]), np.array([0.01]), lower, upper)[0])

    mass, _ = quad(height, max(lower, -2.0), min(upper, 2.0), points=[centre], limit=200)
    assert mass == pytest.approx(1, abs=1e-6)


def test_a_unit_has_one_vote() -> None:
    """Nine copies in one unit weigh as much as one point in another."""
    many = KernelSample(
        np.array([[0.0]] * 9 + [[5.0]]), np.array([0] * 9 + [1]), Bounds(*np.array([[-np.inf], [np.inf], [0]]))
    )
    at = np.array([[0.0], [5.0]])
    joint = kernel_densities(at, np.full((2, 1), 0.01), many, np.ones((1, 1), bool)).joint
    assert joint[0, 0] == pytest.approx(joint[1, 0])


def test_nothing_known_has_density_one() -> None:
    """No common feature says nothing."""
    sample = KernelSample(np.array([[np.nan, 1.0]]), np.array([0]), FREE)
    found = kernel_densities(np.array([[0.3, np.nan]]), np.ones((1, 2)), sample, np.ones((1, 2), bool))
    assert found.joint[0, 0] == 1
    assert np.isnan(found.marginal).all()


def test_units_must_fit() -> None:
    """Units below zero or of another length are refused."""
    with pytest.raises(InvalidInput):
        KernelSample(np.zeros((2, 2)), np.array([0, -1]), FREE)
    with pytest.raises(InvalidInput):
        KernelSample(np.zeros((2, 2)), np.array([0]), FREE)


def test_an_unlike_point_counts_by_its_likeness() -> None:
    """Likeness 0 is as if the point were not there."""
    rng = np.random.default_rng(3)
    value, x = rng.random((20, 2)), rng.random((4, 2))
    unit, subsets = np.arange(20), np.ones((1, 2), bool)
    weighted = KernelSample(value, unit, FREE, np.r_[np.ones(12), np.zeros(8)])
    alone = KernelSample(value[:12], unit[:12], FREE)
    found, expected = (kernel_densities(x, np.full((4, 2), 0.1), sample, subsets) for sample in (weighted, alone))
    np.testing.assert_allclose(found.joint, expected.joint, rtol=1e-12)
    np.testing.assert_allclose(found.marginal, expected.marginal, rtol=1e-12)
