"""Values as small numbers."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.preview.codes import Codebook, paired

texts = st.lists(st.lists(st.sampled_from([None, "", "a", "b", "ü"]), max_size=6), max_size=5)


@given(texts)
def test_codes_are_the_values_back(batches: list[list[str | None]]) -> None:
    """Whatever the batches are, the value of a row's code is the row's value, nulls among them."""
    book = Codebook()
    found = [book.codes(pa.array(batch, pa.string())).tolist() for batch in batches]
    assert [[book.values[code] for code in codes] for codes in found] == batches
    assert len(set(book.values)) == len(book)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3), st.integers(-1, 2)), min_size=1, max_size=40))
def test_pairs_are_equal_when_rows_are(rows: list[tuple[int, int, int]]) -> None:
    """Two rows have one number exactly when they are the same in every column."""
    mixed = paired(*(np.array(column, np.int32) for column in zip(*rows, strict=True))).tolist()
    assert len(set(zip(rows, mixed, strict=True))) == len(set(rows)) == len(set(mixed))


def test_pairs_of_huge_codes_do_not_run_over() -> None:
    """Four columns of two thousand million codes each do not fit into 64 bits, and are told apart all the same."""
    big = np.array([0, 2**31 - 2, 2**31 - 2, 0], np.int32)
    last = np.array([0, 0, 1, 0], np.int32)
    assert len(set(paired(big, big, big, last).tolist())) == 3


def test_rows_of_columns_have_one_code() -> None:
    """A combination that comes again in a later batch has the code it had."""
    book = Codebook()
    first = book.rows([np.array([1, 2], np.int32), np.array([0, 0], np.int32)])
    assert book.rows([np.array([2, 3], np.int32), np.array([0, 0], np.int32)]).tolist() == [first[1], 2]
    assert book.values == [(1, 0), (2, 0), (3, 0)]
