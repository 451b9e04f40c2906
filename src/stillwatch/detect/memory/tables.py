"""Sorted tables that merge."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["merged", "rows_where", "table_of"]


def merged(tables: Sequence[pa.Table], keys: Sequence[str], order_by: Sequence[str] = ()) -> pa.Table:
    """One row for each value of the keys, sorted by them: the first by the other columns named.

    >>> one = pa.table({"k": [2, 1], "t": [5, 6]})
    >>> merged([one, pa.table({"k": [2], "t": [3]})], ("k",), ("t",)).to_pydict()
    {'k': [1, 2], 't': [6, 3]}
    """
    table = pa.concat_tables(tables).combine_chunks()
    columns = [table[name].to_numpy() for name in (*keys, *order_by)]
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), np.bool_)
    new[:1] = True
    for column in columns[: len(keys)]:
        new[1:] |= np.diff(column[order]) != 0
    return table.take(pa.array(order[new]))


def rows_where(table: pa.Table, kept: NDArray[np.bool_]) -> pa.Table:
    """The rows that are kept."""
    return table if kept.all() else table.filter(pa.array(kept)).combine_chunks()


def table_of(schema: pa.Schema, **columns: NDArray[Any]) -> pa.Table:
    """Table of that schema.

    >>> table_of(pa.schema({"n": pa.int32()}), n=np.array([1])).schema.field("n").type
    DataType(int32)
    """
    return pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)
