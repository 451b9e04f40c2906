"""Hashes of strings and of rows of numbers."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.texts import TEXTS

from stillwatch.sketch import hash_strings, twins
from stillwatch.sketch.hash import mix_columns

KINDS = (pa.string(), pa.large_string())


@given(st.lists(st.one_of(st.none(), TEXTS)), st.sampled_from(KINDS))
def test_kernel_agrees_with_twin(texts: list[str | None], kind: pa.DataType) -> None:
    """Any column, null and empty rows included."""
    assert hash_strings(pa.array(texts, kind)).tolist() == [twins.hash_bytes(t.encode()) if t else 0 for t in texts]


def test_every_length() -> None:
    """Lengths around the pieces of 4, 8, 16 and 64 bytes."""
    texts = ["x" * n for n in range(1, 300)]
    hashes = hash_strings(pa.array(texts))
    assert hashes.tolist() == [twins.hash_bytes(t.encode()) for t in texts]
    assert len(set(hashes.tolist())) == len(texts)


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=20), st.integers(0, 5))
def test_slices_and_chunks(texts: list[str | None], cut: int) -> None:
    """A slice, and a column in chunks, give the values of their rows."""
    whole = hash_strings(pa.array(texts, pa.string())).tolist()
    assert hash_strings(pa.array(texts, pa.string())[cut:]).tolist() == whole[cut:]
    chunks = pa.chunked_array([pa.array(texts[:cut], pa.string()), pa.array(texts[cut:], pa.string())])
    assert hash_strings(chunks).tolist() == whole


def test_other_forms_of_text() -> None:
    """A dictionary column is its text; a column of nothing is all null."""
    assert (
        hash_strings(pa.array(["a", "b"]).dictionary_encode()).tolist() == hash_strings(pa.array(["a", "b"])).tolist()
    )
    assert hash_strings(pa.nulls(2)).tolist() == [0, 0]
    assert hash_strings(pa.chunked_array([], pa.string())).tolist() == []


def test_bits_are_well_mixed() -> None:
    """One changed byte flips half of the bits, each bit of the result equally often."""
    base = hash_strings(pa.array([f"account-{i:06d}" for i in range(4000)]))
    near = hash_strings(pa.array([f"account-{i:06d}".replace("a", "b", 1) for i in range(4000)]))
    flips = np.unpackbits((base ^ near).view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert flips == pytest.approx(0.5, abs=0.05)


@given(st.lists(st.tuples(*[st.integers(0, 2**64 - 1)] * 3), min_size=1))
def test_rows_of_numbers(rows: list[tuple[int, ...]]) -> None:
    """The mix of columns is the twin's, 0 only for rows of zeros."""
    expected = []
    for row in rows:
        value = 0
        for number in row:
            value = twins.mix(value, number)
        expected.append(max(value, 1) if any(row) else 0)
    assert mix_columns(*np.array(rows, np.uint64).T.copy()).tolist() == expected
