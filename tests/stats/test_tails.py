"""Exact tails against scipy and against summing fractions."""

from fractions import Fraction
from math import comb, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stillwatch.errors import InvalidInput
from stillwatch.stats.tails import benjamini_hochberg, clopper_pearson, log_hypergeometric_tail


def exact_log_tail(overlap: int, a: int, b: int, n: int) -> float:
    """The sum of whole numbers over a whole number."""
    ways = sum(comb(a, x) * comb(n - a, b - x) for x in range(overlap, min(a, b) + 1))
    share = Fraction(ways, comb(n, b))
    return log(share.numerator) - log(share.denominator) if share else -np.inf


@given(st.integers(1, 60), st.data())
def test_tail_equals_whole_number_counting(n: int, data: st.DataObject) -> None:
    """For every small table, tails near 0 and near 1 alike."""
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    overlap = data.draw(st.integers(0, min(a, b) + 1))
    assert float(log_hypergeometric_tail(overlap, a, b, n)) == pytest.approx(exact_log_tail(overlap, a, b, n), abs=1e-9)


@pytest.mark.parametrize(
    ("overlap", "a", "b", "n"), [(40, 60, 80, 1000), (300, 400, 500, 20_000), (1, 60, 80, 1000), (90, 400, 500, 2000)]
)
def test_tail_equals_whole_number_counting_far_out(overlap: int, a: int, b: int, n: int) -> None:
    """Also far below the smallest float."""
    assert float(log_hypergeometric_tail(overlap, a, b, n)) == pytest.approx(exact_log_tail(overlap, a, b, n), rel=1e-8)


def test_tail_broadcasts() -> None:
    """One family against many."""
    found = log_hypergeometric_tail([5, 10, 20], 20, [30, 40, 50], 500)
    expected = stats.hypergeom.sf(np.array([5, 10, 20]) - 1, 500, 20, [30, 40, 50])
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-8)


@pytest.mark.parametrize(("overlap", "a", "b", "n"), [(-1, 3, 3, 9), (1, 10, 3, 9), (1, 3, 10, 9)])
def test_impossible_counts_are_refused(overlap: int, a: int, b: int, n: int) -> None:
    """A family larger than the population, or an overlap below zero."""
    with pytest.raises(InvalidInput):
        log_hypergeometric_tail(overlap, a, b, n)


@given(st.integers(1, 3000), st.data(), st.sampled_from([0.9, 0.95, 0.999]))
def test_interval_equals_scipy(trials: int, data: st.DataObject, confidence: float) -> None:
    """Scipy's exact binomial interval is the same."""
    successes = data.draw(st.integers(0, trials))
    oracle = stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
    assert clopper_pearson(successes, trials, confidence) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "trials", "confidence"), [(1, 0, 0.9), (2, 1, 0.9), (-1, 1, 0.9), (0, 1, 1.0)])
def test_impossible_proportions_are_refused(successes: int, trials: int, confidence: float) -> None:
    """Counts and confidence must be possible."""
    with pytest.raises(InvalidInput):
        clopper_pearson(successes, trials, confidence)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([0.01, 0.05, 0.3]))
def test_rejections_equal_scipy(p_values: list[float], alpha: float) -> None:
    """Scipy's adjusted p-values say the same, away from rounding."""
    adjusted = stats.false_discovery_control(p_values)
    clear = np.abs(adjusted - alpha) > 1e-12
    np.testing.assert_array_equal(benjamini_hochberg(p_values, alpha)[clear], (adjusted <= alpha)[clear])


def test_the_tail_at_the_mean_and_of_everything() -> None:
    """Whole-population sets overlap for certain; an empty set overlaps in nothing."""
    np.testing.assert_array_equal(
        log_hypergeometric_tail([9, 3, 0, 1], [9, 9, 0, 0], [9, 3, 5, 5], 9), [0, 0, 0, -np.inf]
    )
