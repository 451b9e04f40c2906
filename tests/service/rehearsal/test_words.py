"""Figures in words: none is rounded to nothing, none to everything that it is not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.rehearsal.words import counted, lasted, percent


@given(st.floats(1e-9, 1.0))
def test_a_share_is_told_within_a_tenth_of_itself(share: float) -> None:
    """And never as 0 %."""
    told = float(percent(share).removesuffix(" %")) / 100
    assert told > 0
    assert abs(told - share) <= max(0.5 * share, 0.0005) if share < 0.001 else abs(told - share) <= 0.06 * share


@pytest.mark.parametrize(("n", "told"), [(0, "0 things"), (1, "1 thing"), (12_345, "12,345 things")])
def test_numbers_of_things(n: int, told: str) -> None:
    """One is one, others are several."""
    assert counted(n, "thing") == told


@given(st.integers(0, 20_000))
def test_spans_are_told_by_their_two_largest_parts(minutes: int) -> None:
    """What is told is at most an hour, or nothing, below the span."""
    units = {"d": 1440, "h": 60, "min": 1}
    words = lasted(timedelta(minutes=minutes)).split()
    told = sum(int(n) * units[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert 0 <= minutes - told < (60 if "d" in words else 1)
