"""Where big jobs run: three verbs, so that the same functions work on two cores, a cluster and a stream."""

from collections.abc import Callable, Iterable
from typing import Protocol, Self, TypeVar

import pyarrow as pa

__all__ = ["Dataset", "Engine", "Mergeable"]

M = TypeVar("M", bound="Mergeable")


class Mergeable(Protocol):
    """A value that summarises rows and can be merged: ``a.merge(b)`` equals ``b.merge(a)``."""

    def merge(self, other: Self, /) -> Self:
        """Both summaries as one."""
        ...


class Dataset(Protocol):
    """A table that lives where its engine keeps it; rows have a fixed order within one engine."""

    @property
    def schema(self) -> pa.Schema:
        """Columns and types."""
        ...

    def count(self) -> int:
        """Rows."""
        ...

    def select(self, columns: list[str]) -> "Dataset":
        """The same rows with only the named columns; nothing is copied."""
        ...

    def to_table(self, columns: list[str] | None = None) -> pa.Table:
        """Bring the named columns into memory, in the dataset's order."""
        ...


class Engine(Protocol):
    """Three verbs. Functions get and return Arrow, hold no state, and may run on any thread or machine."""

    def dataset(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Dataset:
        """Take in batches as they come; that is how rows enter the engine."""
        ...

    def map(self, dataset: Dataset, fn: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema) -> Dataset:
        """Batch in, batch out, order kept."""
        ...

    def reduce(self, dataset: Dataset, zero: Callable[[], M], fold: Callable[[M, pa.RecordBatch], M]) -> M:
        """Fold batches into summaries and merge these."""
        ...

    def group(
        self,
        dataset: Dataset,
        key: str,
        order_by: tuple[str, ...],
        fn: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
    ) -> Dataset:
        """Call `fn` with tables that hold one or more whole groups, sorted by `key` then `order_by`."""
        ...
