"""Tails of weighted sums against closed forms, numerical integration, enumeration and chance."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import brentq

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers import tails
from stillwatch.trace.readers.tails import log_two_gamma_tail, log_weighted_binomial_tail


def integrated(total: float, count: int, large: float, small: float) -> float:
    """P(large X + small Y >= total) by integrating over X."""
    end = total / large
    inner = integrate.quad(
        lambda x: stats.gamma.pdf(x, count) * stats.gamma.sf((total - large * x) / small, count),
        0,
        end,
        epsabs=0,
        epsrel=1e-11,
        limit=500,
    )[0]
    return float(inner + stats.gamma.sf(end, count))


@pytest.mark.parametrize("alpha", [0.1, 0.3, 0.01])
@pytest.mark.parametrize(("count", "total"), [(1, 3.0), (5, 4.0), (20, 45.0), (200, 300.0), (50, 150.0)])
def test_two_gammas_equal_the_integral(alpha: float, count: int, total: float) -> None:
    """Near the mean and far from it."""
    expected = integrated(total, count, 1 - alpha, alpha)
    assert log_two_gamma_tail(total, count, 1 - alpha, alpha) == pytest.approx(np.log(expected), rel=1e-8, abs=1e-8)


def log_contour(total: float, count: int, large: float, small: float) -> float:
    """The same by inverting the transform along the vertical line through its saddle point."""

    def slope(s: float) -> float:
        return count * large / (1 - large * s) + count * small / (1 - small * s) - total

    saddle = brentq(slope, 1e-9, (1 - 1e-12) / large)

    def log_transform(s: complex) -> complex:
        return complex(-count * np.log(1 - large * s) - count * np.log(1 - small * s) - s * total - np.log(s))

    peak = log_transform(saddle).real
    angles = np.linspace(0, 12 / np.sqrt(count * large**2 / (1 - large * saddle) ** 2), 4001)
    values = [np.exp(log_transform(saddle + 1j * angle) - peak).real for angle in angles]
    return float(peak + np.log(integrate.simpson(values, x=angles) / np.pi))


@pytest.mark.parametrize(
    ("count", "total"), [(1000, 1180.0), (20_000, 20_900.0), (100_000, 101_500.0), (20_000, 60_000.0)]
)
def test_two_gammas_of_many_tokens_equal_the_contour_integral(count: int, total: float) -> None:
    """Where a million terms are added, nothing is lost to rounding."""
    expected = log_contour(total, count, 0.9, 0.1)
    assert log_two_gamma_tail(total, count, 0.9, 0.1) == pytest.approx(expected, rel=1e-8, abs=1e-6)


@given(st.floats(0.05, 3.0), st.floats(0.05, 3.0), st.floats(0.01, 900.0))
def test_one_of_each_has_a_closed_form(first: float, second: float, total: float) -> None:
    """Two exponentials of different scales, down to 1e-500 and further."""
    large, small = max(first, second), min(first, second)
    if large - small < 1e-3 or large / small > 50:
        return
    log_first = np.log(large) - total / large
    expected = log_first + np.log1p(-small / large * np.exp(total / large - total / small)) - np.log(large - small)
    assert log_two_gamma_tail(total, 1, first, second) == pytest.approx(min(expected, 0.0), rel=1e-9, abs=1e-9)


def test_order_of_weights_and_equal_ones() -> None:
    """Weights may be exchanged; equal ones make one Gamma; a weight of 0 leaves the other."""
    assert log_two_gamma_tail(30.0, 20, 0.9, 0.1) == log_two_gamma_tail(30.0, 20, 0.1, 0.9)
    assert log_two_gamma_tail(30.0, 20, 0.5, 0.5) == pytest.approx(stats.gamma.logsf(60.0, 40), rel=1e-12)
    assert log_two_gamma_tail(30.0, 20, 0.0, 1.0) == pytest.approx(stats.gamma.logsf(30.0, 20), rel=1e-12)


def test_two_gammas_at_depth() -> None:
    """Finite where no float is, for a corpus of a hundred thousand tokens too."""
    assert -2000 < log_two_gamma_tail(2000.0, 50, 0.9, 0.1) < -1500
    assert -30_000 < log_two_gamma_tail(180_000.0, 100_000, 0.9, 0.1) < -20_000


@pytest.mark.parametrize(("first", "second"), [(-0.1, 1.0), (0.0, 0.0)])
def test_weights_must_be_possible(first: float, second: float) -> None:
    """Neither negative nor both nothing."""
    with pytest.raises(InvalidInput):
        log_two_gamma_tail(1.0, 1, first, second)


def convolved(total: int, count: int, weights: list[int], chance: float) -> float:
    """The tail by convolving masses, all of them positive."""
    masses = np.ones(1)
    for weight in weights:
        one = np.zeros(weight * count + 1)
        one[::weight] = stats.binom.pmf(np.arange(count + 1), count, chance)
        masses = np.convolve(masses, one)
    return float(masses[total:].sum())


@settings(deadline=None)
@given(st.integers(1, 12), st.lists(st.integers(1, 10), min_size=1, max_size=5), st.floats(0.05, 0.95), st.data())
def test_weighted_binomials_equal_convolution(
    count: int, weights: list[int], chance: float, data: st.DataObject
) -> None:
    """For every sum that can be, up to the last."""
    total = data.draw(st.integers(0, count * sum(weights)))
    expected = np.log(convolved(total, count, weights, chance))
    assert log_weighted_binomial_tail(total, count, weights, chance) == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_weighted_binomials_equal_enumeration() -> None:
    """Every outcome of four coins with weights."""
    weights = [1, 2, 3, 10]
    for total in range(18):
        ways = sum(
            sum(w for w, up in zip(weights, ups, strict=True) if up) >= total for ups in product((0, 1), repeat=4)
        )
        found = np.exp(log_weighted_binomial_tail(total, 1, weights, 0.5)) if total < 17 else 0.0
        assert found == pytest.approx(ways / 16, abs=1e-9)


def test_equal_weights_make_one_binomial_at_depth() -> None:
    """Far below the smallest float the sum of terms in logarithms is met."""
    total, count = 900, 1000
    terms = stats.binom.logpmf(np.arange(total, count + 1), count, 0.3)
    expected = float(np.logaddexp.reduce(terms))
    assert log_weighted_binomial_tail(2 * total, count // 2, [2, 2], 0.3) == pytest.approx(expected, rel=1e-10)
    assert expected < -500


def test_beyond_all_and_at_all() -> None:
    """The largest sum is one outcome; a larger one is none."""
    assert log_weighted_binomial_tail(30, 3, [4, 6], 0.5) == pytest.approx(6 * np.log(0.5))
    assert log_weighted_binomial_tail(31, 3, [4, 6], 0.5) == -np.inf


def test_a_sum_that_is_too_large_gets_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chernoff's bound is above the exact tail, and within the factor that theory allows it."""
    exact = log_weighted_binomial_tail(3000, 100, list(range(1, 11)), 0.5)
    monkeypatch.setattr(tails, "LARGEST_LATTICE", 100)
    tails._weighted.cache_clear()
    bound = log_weighted_binomial_tail(3000, 100, list(range(1, 11)), 0.5)
    tails._weighted.cache_clear()
    assert exact < bound < exact + 6


@pytest.mark.parametrize(("weights", "chance"), [([], 0.5), ([0], 0.5), ([1], 0.0), ([1], 1.0)])
def test_impossible_sums_are_refused(weights: list[int], chance: float) -> None:
    """Weights are whole and positive, chances are neither 0 nor 1."""
    with pytest.raises(InvalidInput):
        log_weighted_binomial_tail(1, 1, weights, chance)
