"""Numbering and lookup of shingles, and phrases that do not overlap, against Python."""

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.trace.served._kernels_join import fill, find, passages

VALUES = st.lists(st.integers(1, 12) | st.integers(1, 2**64 - 1), max_size=40)


@given(VALUES, VALUES)
def test_numbers_are_those_of_a_dict(values: list[int], asked: list[int]) -> None:
    """Distinct values are numbered as they come; what was not there has -1; low bits that collide do not matter."""
    keys, slots = np.zeros(128, np.uint64), np.zeros(128, np.int32)
    values = [value << 7 & 2**64 - 1 or 1 for value in values]
    known = {value: i for i, value in enumerate(dict.fromkeys(values))}
    found = np.empty(len(values), np.int32)
    assert fill(keys, slots, np.array(values, np.uint64), found) == len(known)
    assert found.tolist() == [known[value] for value in values]
    both = values + asked
    found = np.empty(len(both), np.int32)
    find(keys, slots, np.array(both, np.uint64), found)
    assert found.tolist() == [known.get(value, -1) for value in both]


@given(st.lists(st.lists(st.integers(0, 25), min_size=1, max_size=8, unique=True), max_size=4), st.integers(1, 6))
def test_no_choice_without_overlap_is_larger(groups: list[list[int]], width: int) -> None:
    """The greedy choice is the largest, by trying all."""
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups]).astype(np.int64)
    places = np.array([place for group in groups for place in sorted(group)], np.int32)
    expected = [
        max(
            size
            for size in range(1, len(group) + 1)
            for chosen in combinations(sorted(group), size)
            if all(b - a >= width for a, b in pairwise(chosen))
        )
        for group in groups
    ]
    assert passages(numbers, places, width).tolist() == expected
