"""Numbers and sentences of reports on suspects."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.trace_report import Finding, Suspect
from stillwatch.report.traced import words


@given(st.floats(-1e5, 0))
def test_a_p_value_is_right_to_two_digits(log_p: float) -> None:
    """The text as a decimal number has the logarithm that was given, to rounding."""
    told = Decimal(words.p_value(log_p))
    assert 0 < told <= 1
    assert float(told.ln()) == pytest.approx(log_p, abs=0.06)


def test_the_ends_of_p_values() -> None:
    """One, nothing, and what is no number."""
    assert [words.p_value(one) for one in (0.0, -math.inf, math.nan)] == ["1", "0", "–"]


def test_every_finding_and_suspect_has_words() -> None:
    """A new kind cannot be forgotten."""
    assert set(words.FINDINGS) == set(Finding)
    assert set(words.SUSPECTS) == set(Suspect)
