"""A mergeable table: rows with equal keys are added up."""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import pyarrow as pa

__all__ = ["Firsts", "Summary"]

_COMPACT_ROWS: Final = 1_000_000


class Summary:
    """Sums of columns by key. Merging is commutative: `table` is sorted by key and depends on the rows alone.

    keys    Key columns.
    sums    Integer columns that are added up.

    >>> one = Summary(("k",), ("n",)).add(pa.table({"k": [2, 1, 2], "n": [1, 1, 1]}))
    >>> one.merge(one).table().to_pydict()
    {'k': [1, 2], 'n': [2, 4]}
    """

    def __init__(self, keys: Sequence[str], sums: Sequence[str]) -> None:
        self.keys, self.sums = tuple(keys), tuple(sums)
        self._compact: pa.Table | None = None
        self._recent: list[pa.Table] = []
        self._n_recent = 0

    def add(self, table: pa.Table) -> Self:
        """Take in rows; `table` has the key and sum columns."""
        part = self._sum(table)
        self._recent.append(part)
        self._n_recent += part.num_rows
        if self._n_recent > max(_COMPACT_ROWS, self._compact.num_rows if self._compact is not None else 0):
            self._settle()
        return self

    def merge(self, other: Self) -> Self:
        """Both summaries as one; neither operand is changed."""
        merged = type(self)(self.keys, self.sums)
        for part in (self, other):
            merged._recent += ([part._compact] if part._compact is not None else []) + part._recent  # noqa: SLF001 - same class
        merged._settle()
        return merged

    def table(self) -> pa.Table:
        """One row a key, sorted by key."""
        self._settle()
        if self._compact is None:
            empty: list[list[int]] = [[] for _ in (*self.keys, *self.sums)]
            return pa.table([pa.array(e, pa.uint64()) for e in empty], names=[*self.keys, *self.sums])
        return self._compact.sort_by([(key, "ascending") for key in self.keys])

    def _sum(self, table: pa.Table) -> pa.Table:
        grouped = table.group_by(list(self.keys), use_threads=False).aggregate([(name, "sum") for name in self.sums])
        return grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names]).select(
            [*self.keys, *self.sums]
        )

    def _settle(self) -> None:
        if self._recent:
            parts = self._recent + ([self._compact] if self._compact is not None else [])
            self._compact, self._recent, self._n_recent = self._sum(pa.concat_tables(parts)), [], 0


class Firsts:
    """The row that comes first for every key, by the order columns. Merging is commutative when these tell rows apart.

    >>> firsts = Firsts("k", ("t",)).add(pa.table({"k": [1, 1], "t": [5, 3], "v": [7, 8]}))
    >>> firsts.table().to_pydict()
    {'k': [1], 't': [3], 'v': [8]}
    """

    def __init__(self, key: str, order_by: Sequence[str]) -> None:
        self.key, self.order_by = key, tuple(order_by)
        self._compact: pa.Table | None = None
        self._recent: list[pa.Table] = []
        self._n_recent = 0

    def add(self, table: pa.Table) -> Self:
        """Take in rows; `table` has the key, the order columns and whatever else is to be kept."""
        part = self._first(table)
        self._recent.append(part)
        self._n_recent += part.num_rows
        if self._n_recent > max(_COMPACT_ROWS, self._compact.num_rows if self._compact is not None else 0):
            self._settle()
        return self

    def merge(self, other: Self) -> Self:
        """Both summaries as one; neither operand is changed."""
        merged = type(self)(self.key, self.order_by)
        for part in (self, other):
            merged._recent += ([part._compact] if part._compact is not None else []) + part._recent  # noqa: SLF001 - same class
        merged._settle()
        return merged

    def table(self) -> pa.Table | None:
        """One row a key, sorted by key; None when nothing was added."""
        self._settle()
        return self._compact

    def _first(self, table: pa.Table) -> pa.Table:
        columns = [table[name].to_numpy() for name in (*reversed(self.order_by), self.key)]
        order = np.lexsort(columns)
        key = columns[-1][order]
        return table.take(pa.array(order[np.r_[True, key[1:] != key[:-1]]])) if len(key) else table

    def _settle(self) -> None:
        if self._recent:
            parts = self._recent + ([self._compact] if self._compact is not None else [])
            self._compact, self._recent, self._n_recent = self._first(pa.concat_tables(parts)), [], 0
