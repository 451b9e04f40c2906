"""Hashes of rows and family ids: the kernels against whole numbers of any size."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.views.ids import family_ids, view_number
from stillwatch.detect.views.mixing import mix

WORD = st.integers(0, 2**64 - 1)


def plain(*parts: int) -> int:
    """Steele, Lea and Flood's finaliser, part by part."""
    state = 0
    for part in parts:
        state = ((state ^ part) + 0x9E3779B97F4A7C15) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        state ^= state >> 31
    return state


@given(st.lists(st.tuples(WORD, WORD, WORD), max_size=20))
def test_rows_are_hashed_part_by_part(rows: list[tuple[int, int, int]]) -> None:
    """Of one, two and three parts."""
    columns = [np.array([row[j] for row in rows], np.uint64) for j in range(3)]
    for n in (1, 2, 3):
        assert mix(*columns[:n]).tolist() == [plain(*row[:n]) for row in rows]


def test_columns_that_are_no_plain_arrays_are_hashed_alike() -> None:
    """Every second row; what was given stays as it was."""
    wide = np.arange(10, dtype=np.uint64)
    assert mix(wide[::2]).tolist() == [plain(i) for i in range(0, 10, 2)]
    assert wide.tolist() == list(range(10))


@given(st.integers(0, 7), st.lists(WORD | st.just(0), max_size=20))
def test_ids_hold_the_view_and_are_0_where_the_key_is(number: int, keys: list[int]) -> None:
    """The view's number in three bits, the key below, the last bit set."""
    found = family_ids(number, np.array(keys, np.uint64)).tolist()
    assert found == [0 if key == 0 else number << 61 | key % 2**61 | 1 for key in keys]
    assert all(view_number(family) == number for family in found if family)
