"""The engine of one machine: Parquet files, threads, and DuckDB for sorting what does not fit into memory."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa

from stillwatch.engine.memory import parse_memory
from stillwatch.engine.parquet import ParquetDataset, conform, open_parquet, write_parquet
from stillwatch.engine.sorting import sorted_batches, whole_groups
from stillwatch.engine.threads import available_cores, fold_on_threads, in_flight, map_in_order
from stillwatch.errors import InvalidInput
from stillwatch.model.engine import Dataset, Mergeable

__all__ = ["LocalEngine"]

M = TypeVar("M", bound=Mergeable)

_BATCH_ROWS = 65_536
_GROUP_ROWS = 250_000
_TRANSIT_SHARE = 0.25
"""Of the stated memory, for the batches and tables under way."""


class LocalEngine:
    """Runs `map`, `reduce` and `group` on the cores of this machine within a stated amount of memory.

    Its data sets are Parquet files in a folder of its own, made inside `workdir` and removed by `close`.
    The functions it is given run on threads; numba kernels with ``nogil=True`` use all of them.

    >>> with LocalEngine() as engine:
    ...     numbers = engine.dataset([pa.record_batch({"n": [1, 2]})], pa.schema({"n": pa.int64()}))
    ...     numbers.count()
    2
    """

    def __init__(
        self,
        workdir: str | Path | None = None,
        memory: str = "4GB",
        threads: int | None = None,
        *,
        batch_rows: int = _BATCH_ROWS,
        group_rows: int = _GROUP_ROWS,
    ) -> None:
        """Make the work folder.

        workdir     Where the work folder is made; None is the system's folder for temporary files.
        memory      Limit as `parse_memory` reads it. A single group larger than that must still fit into the machine.
        threads     At least 1; None takes every core.
        batch_rows  Rows handed to a function at a time, at most; fewer when rows are large.
        group_rows  Rows of whole groups handed over at a time, about; fewer when rows are large.
        Raises      InvalidInput if one of these is out of range.
        """
        for name, value in (("threads", threads), ("batch_rows", batch_rows), ("group_rows", group_rows)):
            if value is not None and value < 1:
                message = f"{name} must be at least 1, got {value}"
                raise InvalidInput(message)
        self.memory_bytes = parse_memory(memory)
        self.threads = threads or available_cores()
        self._batch_rows = batch_rows
        self._group_rows = group_rows
        if workdir is not None:
            Path(workdir).mkdir(parents=True, exist_ok=True)
        self._folder: Path | None = Path(tempfile.mkdtemp(prefix="stillwatch-", dir=workdir))
        self._n_files = 0

    def __enter__(self) -> Self:
        """Use the engine; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()

    def close(self) -> None:
        """Remove the work folder and with it every data set made here; more than once is fine."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def dataset(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> ParquetDataset:
        """Write batches as they come; that is how rows enter the engine.

        Raises    InvalidInput if a batch is not of `schema`.
        """
        return write_parquet(batches, schema, self._new_path())

    def from_parquet(self, paths: Sequence[str | Path]) -> ParquetDataset:
        """Read existing files, in the order given, where they lie; `close` does not remove them.

        Raises    InvalidInput if there are none or their columns differ; UnreadableSource if one is not Parquet.
        """
        return open_parquet(paths)

    def map(
        self, dataset: Dataset, fn: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema
    ) -> ParquetDataset:
        """Batch in, batch out, order kept; the batches may grow or shrink.

        Raises    What `fn` raises; InvalidInput if it returns something else than `schema`.
        """
        source = _parquet(dataset)
        batches = source.batches(self._rows(source, self._batch_rows))
        with closing(map_in_order(lambda batch: conform(fn(batch), schema), batches, self.threads)) as results:
            return write_parquet(results, schema, self._new_path())

    def reduce(self, dataset: Dataset, zero: Callable[[], M], fold: Callable[[M, pa.RecordBatch], M]) -> M:
        """Fold batches into one summary per thread and merge these; `fold` may change its summary and return it.

        Raises    What `fold` raises.
        """
        source = _parquet(dataset)
        batches = source.batches(self._rows(source, self._batch_rows))
        return fold_on_threads(zero, fold, batches, self.threads)

    def group(
        self,
        dataset: Dataset,
        key: str,
        order_by: tuple[str, ...],
        fn: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
    ) -> ParquetDataset:
        """Call `fn` with tables that hold one or more whole groups, sorted by `key` then `order_by`.

        Rows that agree in all of these keep their order; rows without a key form one group, the last. The result is
        in the order of `key`. How many groups a table holds is up to the engine: `fn` must treat each by itself.

        Raises    What `fn` raises; InvalidInput if a column does not exist or `fn` returns something else than
                  `schema`; OutOfMemory if sorting needs more memory or disk.
        """
        source = _parquet(dataset)
        source.select([key, *order_by])  # refuses columns that do not exist
        path = self._new_path()
        rows = self._rows(source, self._group_rows)
        spill = path.with_suffix(".spill")
        ordered = sorted_batches(
            source,
            (key, *order_by),
            rows=min(rows, self._batch_rows),
            memory_bytes=self.memory_bytes,
            threads=self.threads,
            spill=spill,
        )
        groups = whole_groups(ordered, key, rows)
        tables = map_in_order(lambda table: conform(fn(table), schema), groups, self.threads)
        try:
            with closing(ordered), closing(tables):
                return write_parquet((batch for table in tables for batch in table.to_batches()), schema, path)
        finally:
            shutil.rmtree(spill, ignore_errors=True)

    def _rows(self, dataset: ParquetDataset, most: int) -> int:
        """Rows to hand over at a time so that all that is under way fits into its share of memory."""
        size_bytes = self.memory_bytes * _TRANSIT_SHARE / in_flight(self.threads)
        return max(1, min(most, int(size_bytes / dataset.row_bytes)))

    def _new_path(self) -> Path:
        if self._folder is None:
            message = "the engine is closed: make a new one"
            raise InvalidInput(message)
        self._n_files += 1
        return self._folder / f"{self._n_files:06}.parquet"


def _parquet(dataset: Dataset) -> ParquetDataset:
    """Refuse data sets of other engines."""
    if not isinstance(dataset, ParquetDataset):
        message = f"a data set of this engine is needed, got {type(dataset).__name__}"
        raise InvalidInput(message)
    return dataset
