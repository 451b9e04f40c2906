"""E-values in bits against direct computation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.stats.e_values import e_benjamini_hochberg, mean_bits, ville_bound

bits = st.lists(st.floats(-30, 30), min_size=1, max_size=20)


@given(bits)
def test_mean_is_the_mean(values: list[float]) -> None:
    """In the range of floats, bits of the mean equal log2 of the mean."""
    assert mean_bits(values) == pytest.approx(np.log2(np.mean(np.exp2(values))), abs=1e-9)


@given(bits)
def test_weights_are_shares(values: list[float]) -> None:
    """Integer weights count as repetitions, and a weight of zero as absence."""
    repeated = [values[0], values[0], *values[1:]]
    weights = [2, *[1] * (len(values) - 1)]
    assert mean_bits(values, weights) == pytest.approx(mean_bits(repeated), abs=1e-9)
    assert mean_bits([*values, 999.0], [*[1] * len(values), 0]) == pytest.approx(mean_bits(values), abs=1e-9)


def test_far_out_values_neither_overflow_nor_vanish() -> None:
    """Thousands of bits, and e-values of zero, are fine."""
    assert mean_bits([5000.0, -5000.0]) == pytest.approx(4999)
    assert mean_bits([float("-inf"), float("-inf")]) == float("-inf")
    assert mean_bits([0.0, 0.0, 0.0]) == 0


def test_ville_bound_is_a_probability() -> None:
    """Negative peaks promise nothing."""
    assert ville_bound(-3) == 1
    assert ville_bound(3) == 0.125


@given(bits, st.sampled_from([0.01, 0.1, 0.5]))
def test_e_bh_equals_its_definition(values: list[float], alpha: float) -> None:
    """The largest r such that at least r e-values reach n / (alpha r), by trying every r."""
    e = np.exp2(values)
    n = len(values)
    r = max((r for r in range(1, n + 1) if (e >= n / (alpha * r)).sum() >= r), default=0)
    reported = e_benjamini_hochberg(values, alpha)
    assert reported.sum() == r
    assert not r or e[reported].min() >= n / (alpha * r) * (1 - 1e-12)
