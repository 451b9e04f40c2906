"""Tails of both layers against exact sums, far below the smallest float."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.trace.mark import green, gumbel


def log_of(value: Fraction) -> float:
    """Natural log of a fraction of any size."""
    shift = value.denominator.bit_length() - value.numerator.bit_length()
    return math.log(float(value * Fraction(2) ** shift)) - shift * math.log(2)


def green_twin(greens: int, count: int, gamma: Fraction) -> float:
    """The binomial tail, term by term, in whole numbers."""
    total = sum(math.comb(count, i) * gamma**i * (1 - gamma) ** (count - i) for i in range(greens, count + 1))
    return log_of(Fraction(total))


def gumbel_twin(total: float, count: int) -> float:
    """The Gamma tail of a whole shape: the Poisson sum exp(-x) sum x^i / i!."""
    x = Fraction(total)
    term, terms = Fraction(1), Fraction(1)
    for i in range(1, count):
        term *= x / i
        terms += term
    return log_of(terms) - total


@given(st.integers(1, 400), st.data(), st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]))
def test_the_green_tail_is_the_sum(count: int, data: st.DataObject, gamma: Fraction) -> None:
    """For every count, hits and share."""
    greens = data.draw(st.integers(1, count))
    expected = green_twin(greens, count, gamma)
    assert green.log_tail(greens, count, float(gamma)) == pytest.approx(expected, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize(
    ("greens", "count", "gamma"),
    [
        (1000, 1000, Fraction(1, 4)),
        (1900, 2000, Fraction(1, 2)),
        (2990, 3000, Fraction(1, 2)),
        (700, 1500, Fraction(1, 16)),
    ],
)
def test_the_green_tail_is_a_number_below_the_smallest_float(greens: int, count: int, gamma: Fraction) -> None:
    """Tails of e^-900 and beyond, where scipy gives minus infinity, equal the sum."""
    expected = green_twin(greens, count, gamma)
    assert expected < -590
    assert green.log_tail(greens, count, float(gamma)) == pytest.approx(expected, rel=1e-12)


def test_the_green_tail_goes_on_smoothly_where_the_way_changes() -> None:
    """Ratios of neighbouring tails around e^-600 change slowly: no step between the two ways."""
    tails = np.array([green.log_tail(greens, 4000, 0.5) for greens in range(2900, 3200)])
    assert tails[0] > -600 > tails[-1]
    assert np.abs(np.diff(tails, 2)).max() < 2e-3
    assert green.log_tail(5, 4, 0.5) == -math.inf


@given(st.integers(1, 300), st.floats(0.01, 3000))
def test_the_gumbel_tail_is_the_sum(count: int, total: float) -> None:
    """For every whole shape and total, deep or shallow."""
    expected = gumbel_twin(total, count)
    assert gumbel.log_tail(total, count) == pytest.approx(expected, rel=1e-10, abs=1e-13)
