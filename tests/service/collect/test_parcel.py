"""Parcels as bytes: they come back as they were, and nothing else is taken for one."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.rows import parcel

from stillwatch.errors import InvalidInput
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.parcel import Outcome, Parcel, packed, unpacked

PACKED = packed(parcel("a", "b", n_aside=1))


def test_there_and_back() -> None:
    """Rows, rows put aside and their schemas are the same afterwards."""
    body = parcel("a", "b", n_aside=3)
    back = unpacked(packed(body))
    assert back.rows.equals(body.rows)
    assert back.rows.schema.equals(EXCHANGE, check_metadata=True)
    assert back.aside.equals(body.aside)
    assert (back.n_received, back.size_bytes > 0) == (5, True)


@given(st.binary(max_size=200) | st.integers(0, len(PACKED) - 1).map(lambda n: PACKED[:n]))
def test_other_bytes_are_refused(data: bytes) -> None:
    """Bytes that are no parcel are told from one, whole or cut off."""
    with pytest.raises(InvalidInput, match="are no parcel of exchanges"):
        unpacked(data)


def test_another_schema_is_refused() -> None:
    """Columns that are not those of this version are refused."""
    body = parcel("a")
    other = Parcel(body.rows.drop_columns(["model"]), body.aside)
    with pytest.raises(InvalidInput, match="are no parcel of exchanges"):
        unpacked(packed(other))


def test_broken_values_are_refused() -> None:
    """Text that is no UTF-8 is found before anything reads it."""
    rows = parcel("a").rows
    offsets = pa.array([0, 1], pa.int32()).buffers()[1]
    broken = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"\xff"))
    at = rows.schema.get_field_index("model")
    columns = [broken if i == at else column for i, column in enumerate(rows.columns)]
    with pytest.raises(InvalidInput, match="are no parcel of exchanges"):
        unpacked(packed(Parcel(pa.RecordBatch.from_arrays(columns, schema=EXCHANGE), parcel().aside)))


def test_counts_add_up() -> None:
    """What was received is the sum of what became of it."""
    assert Outcome(3, 2, 1).n_received == 6
