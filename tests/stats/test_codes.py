"""Codes in order of first appearance are those of a plain dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.stats.codes import in_order


@given(st.lists(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 9)), max_size=80))
def test_codes_equal_dictionary(values: list[int]) -> None:
    """Repeated, far apart or none: each value's number is how many others came before it."""
    known: dict[int, int] = {}
    expected = [known.setdefault(value, len(known)) for value in values]
    codes, firsts = in_order(np.array(values, np.uint64))
    assert codes.tolist() == expected
    assert firsts.tolist() == [values.index(value) for value in known]
