"""Mergeable tables: rows with equal keys are added up, or the first of them is kept."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import pyarrow as pa

from stillwatch.stats._kernels_codes import codes_and_firsts, sums_by_code

__all__ = ["Firsts", "Summary"]

_COMPACT_ROWS: Final = 1_000_000


class _Condensed(ABC):
    """Tables waiting to be condensed, so that memory follows the number of keys and not of rows."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self._tables = list(tables)
        self._condensed_rows = 0

    def add(self, table: pa.Table) -> Self:
        """Take in rows; `table` has the columns that the class names, `Firsts` keeps any others too."""
        self._tables.append(self._condense(table))
        if sum(t.num_rows for t in self._tables) > self._condensed_rows + max(_COMPACT_ROWS, self._condensed_rows):
            self._settle()
        return self

    def merge(self, other: Self) -> Self:
        """Both as one; neither operand is changed."""
        return self._like([*self._tables, *other._tables])

    def _settle(self) -> pa.Table | None:
        if len(self._tables) > 1:
            self._tables = [self._condense(pa.concat_tables(self._tables))]
        if not self._tables:
            return None
        self._condensed_rows = self._tables[0].num_rows
        return self._tables[0]

    @abstractmethod
    def _condense(self, table: pa.Table, /) -> pa.Table:
        """One row a key."""

    @abstractmethod
    def _like(self, tables: Sequence[pa.Table]) -> Self:
        """Another of the same keys, of these tables."""


class Summary(_Condensed):
    """Sums of columns by key. Merging is commutative: `table` is sorted by key and depends on the rows alone.

    >>> one = Summary(("k",), ("n",)).add(pa.table({"k": [2, 1, 2], "n": [1, 1, 1]}))
    >>> one.merge(one).table().to_pydict()
    {'k': [1, 2], 'n': [2, 4]}
    """

    def __init__(self, keys: Sequence[str], sums: Sequence[str], *, tables: Sequence[pa.Table] = ()) -> None:
        """Start empty, or with `tables` that other summaries of the same keys and sums gave."""
        self.keys, self.sums = tuple(keys), tuple(sums)
        super().__init__(tables)

    def table(self) -> pa.Table:
        """One row a key, sorted by key."""
        condensed = self._settle()
        if condensed is None:
            names = (*self.keys, *self.sums)
            return pa.table([pa.array([], pa.uint64()) for _ in names], names=list(names))
        condensed = self._condense(condensed)
        return condensed.take(pa.array(np.lexsort([condensed[key].to_numpy() for key in reversed(self.keys)])))

    def _like(self, tables: Sequence[pa.Table]) -> Self:
        return type(self)(self.keys, self.sums, tables=tables)

    def _condense(self, table: pa.Table, /) -> pa.Table:
        keys = [table[name].to_numpy() for name in self.keys]
        if len(keys) > 2 or any(key.dtype not in {np.dtype(np.uint64), np.dtype(np.int64)} for key in keys):
            return self._grouped(table)
        codes, first = codes_and_firsts(keys[0].view(np.uint64), keys[-1].view(np.uint64))
        columns = [pa.array(key[first]) for key in keys]
        for name in self.sums:
            values = table[name].to_numpy()
            sums = np.zeros(len(first), values.dtype if values.dtype.itemsize == 8 else np.int64)
            sums_by_code(codes, values, sums)
            columns.append(pa.array(sums))
        return pa.table(columns, names=[*self.keys, *self.sums])

    def _grouped(self, table: pa.Table) -> pa.Table:
        """Arrow's way, for keys that are no numbers of 64 bits."""
        grouped = table.group_by(list(self.keys), use_threads=False).aggregate([(name, "sum") for name in self.sums])
        names = [name.removesuffix("_sum") for name in grouped.column_names]
        return grouped.rename_columns(names).select([*self.keys, *self.sums])


class Firsts(_Condensed):
    """The row that comes first for every key, by the order columns. Merging is commutative when these tell rows apart.

    >>> firsts = Firsts("k", ("t",)).add(pa.table({"k": [1, 1], "t": [5, 3], "v": [7, 8]}))
    >>> firsts.table().to_pydict()
    {'k': [1], 't': [3], 'v': [8]}
    """

    def __init__(self, key: str, order_by: Sequence[str], *, tables: Sequence[pa.Table] = ()) -> None:
        """Start empty, or with `tables` that others of the same key and order gave."""
        self.key, self.order_by = key, tuple(order_by)
        super().__init__(tables)

    def table(self) -> pa.Table | None:
        """One row a key, sorted by key; None when nothing was added."""
        condensed = self._settle()
        return None if condensed is None else self._condense(condensed)

    def _like(self, tables: Sequence[pa.Table]) -> Self:
        return type(self)(self.key, self.order_by, tables=tables)

    def _condense(self, table: pa.Table, /) -> pa.Table:
        columns = [table[name].to_numpy() for name in (*reversed(self.order_by), self.key)]
        order = np.lexsort(columns)
        key = columns[-1][order]
        return table.take(pa.array(order[np.r_[True, key[1:] != key[:-1]]])) if len(key) else table
