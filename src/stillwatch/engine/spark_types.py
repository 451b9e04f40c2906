"""Arrow columns as Spark can hold, sort and store them, and back: Spark knows neither unsigned numbers nor labels.

An unsigned number travels as the signed one of its width with the highest bit flipped, so that it sorts the same. A
moment travels as its count of microseconds (or whatever its unit is), a list of numbers as their bytes. The
driver and each task know the schema.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.errors import InvalidInput

__all__ = ["AT", "PART_BITS", "decode", "encode", "physical"]

AT: Final = "__at"
"""Column of every stored row: number of its part in the upper bits, of its row in the part in the lower ones."""

PART_BITS: Final = 40
"""Lower bits of `AT`: a part may hold 10^12 rows."""

_AS_THEY_ARE: Final = frozenset(
    (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.binary())
)
_SIGNED: Final = {pa.uint8(): pa.int8(), pa.uint16(): pa.int16(), pa.uint32(): pa.int32(), pa.uint64(): pa.int64()}


def physical(schema: pa.Schema) -> pa.Schema:
    """What the columns of `schema` are stored as, and `AT`.

    Raises    InvalidInput if a column is of a type that cannot be stored, or is called like `AT`.

    >>> physical(pa.schema({"key": pa.uint64(), "at": pa.timestamp("us", "UTC")})).types
    [DataType(int64), DataType(int64), DataType(int64)]
    """
    if AT in schema.names:
        message = f"a column must not be called {AT}"
        raise InvalidInput(message)
    return pa.schema([*((field.name, _stored(field)) for field in schema), (AT, pa.int64())])


def _stored(field: pa.Field) -> pa.DataType:
    kind = field.type
    if kind in _AS_THEY_ARE:
        return kind
    if kind in _SIGNED:
        return _SIGNED[kind]
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64()
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_fixed_size_list(kind) and pa.types.is_primitive(kind.value_type) and kind.value_type != pa.bool_():
        return pa.binary()
    message = f"column {field.name!r} is of type {kind}, which the Spark engine cannot hold"
    raise InvalidInput(message)


def encode(batch: pa.RecordBatch, first_at: int) -> pa.RecordBatch:
    """A batch as it is stored; its rows are numbered from `first_at` on.

    >>> encode(pa.record_batch({"n": pa.array([0, 2**64 - 1], pa.uint64())}), 7).to_pydict()
    {'n': [-9223372036854775808, 9223372036854775807], '__at': [7, 8]}
    """
    stored = physical(batch.schema)
    columns = [_encoded(column, field.type) for column, field in zip(batch.columns, stored, strict=False)]
    at = pa.array(np.arange(first_at, first_at + batch.num_rows, dtype=np.int64))
    return pa.RecordBatch.from_arrays([*columns, at], schema=stored)


def decode(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Columns of `schema` out of a stored batch, which may hold others as well.

    >>> row = pa.record_batch({"n": pa.array([None, 2**63], pa.uint64())})
    >>> decode(encode(row, 0), row.schema).equals(row)
    True
    """
    columns = [_decoded(batch.column(field.name), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _encoded(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type in _SIGNED:
        return _flipped(column, kind)
    if pa.types.is_fixed_size_list(column.type):
        return _as_bytes(column)
    return column.cast(kind) if pa.types.is_large_string(column.type) else column.view(kind)


def _decoded(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind in _SIGNED:
        return _flipped(column, kind)
    if pa.types.is_fixed_size_list(kind):
        return _as_lists(column, kind)
    return column.cast(kind) if pa.types.is_large_string(kind) else column.view(kind)


def _as_bytes(column: pa.Array) -> pa.Array:
    """Each list of numbers as its bytes."""
    size = column.type.list_size
    values = column.values.slice(column.offset * size, len(column) * size)
    if column.null_count:
        values = values.fill_null(0)
    if values.null_count:
        message = f"lists must not hold nulls inside, got {values.null_count}"
        raise InvalidInput(message)
    width = size * column.type.value_type.bit_width // 8
    data = np.ascontiguousarray(values.to_numpy()).view(np.uint8)
    rows = pa.Array.from_buffers(pa.binary(width), len(column), [None, pa.py_buffer(data)]).cast(pa.binary())
    return pc.if_else(column.is_valid(), rows, None) if column.null_count else rows


def _as_lists(column: pa.Array, kind: pa.DataType) -> pa.Array:
    width = kind.list_size * kind.value_type.bit_width // 8
    empty = pa.scalar(bytes(width), pa.binary())
    rows = (column.fill_null(empty) if column.null_count else column).cast(pa.binary(width))
    n = len(rows) * kind.list_size
    data = rows.buffers()[1].slice(rows.offset * width, len(rows) * width)
    mask = column.is_null() if column.null_count else None
    values = pa.Array.from_buffers(kind.value_type, n, [None, data])
    return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=mask)


def _flipped(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Numbers with their highest bit flipped, as the other kind of their width."""
    mask = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    values: Any = (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)
    bits = values.view(f"u{values.itemsize}")
    flipped = bits ^ bits.dtype.type(1 << (8 * bits.itemsize - 1))
    return pa.array(flipped.view(kind.to_pandas_dtype()), kind, mask=mask)
