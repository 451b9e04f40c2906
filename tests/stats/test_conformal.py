"""Conformal ranks against counting, and their promise by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.stats.conformal import conformal_p_values, conformal_quantile

scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=40)


@given(scores, scores)
def test_p_value_counts_the_scores_as_large(judged: list[float], calibration: list[float]) -> None:
    """By definition, ties counted against the alarm."""
    expected = [(1 + sum(c >= s for c in calibration)) / (len(calibration) + 1) for s in judged]
    np.testing.assert_allclose(conformal_p_values(judged, calibration), expected)


@given(scores, st.floats(0.01, 0.99))
def test_the_bar_keeps_its_promise_over_every_order(values: list[float], alpha: float) -> None:
    """Take each value in turn as the new one: at most a share alpha exceed the bar set by the others."""
    exceed = [v > conformal_quantile(values[:i] + values[i + 1 :], alpha) for i, v in enumerate(values)]
    assert np.mean(exceed) <= alpha + 1e-9


@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_the_bar_is_the_lowest_that_may_be_promised(n: int, alpha: float) -> None:
    """Among distinct scores, a bar one place lower would be exceeded too often."""
    bar = conformal_quantile(np.arange(1, n + 1), alpha)
    lower = min(bar, n + 1) - 1
    assert (n + 1 - lower) / (n + 1) > alpha - 1e-8


@pytest.mark.parametrize("alpha", [0.0, 1.0, float("nan")])
def test_alpha_must_be_between_zero_and_one(alpha: float) -> None:
    """Anything else is the caller's mistake."""
    with pytest.raises(InvalidInput):
        conformal_quantile([1.0], alpha)
