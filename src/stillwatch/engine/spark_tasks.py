"""What executors run: one function a verb, from stored batches to stored batches, for one partition."""

import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa

from stillwatch.engine.parquet import conform
from stillwatch.engine.sorting import whole_groups
from stillwatch.engine.spark_types import AT, PART_BITS, decode, encode
from stillwatch.engine.spool import Spool

__all__ = ["SUMMARY", "Fold", "Group", "Map", "Merge", "Report", "Task", "failure_of", "run", "summaries"]

SUMMARY: Final = pa.schema(
    [("sender", pa.int64()), ("piece", pa.int32()), ("size_bytes", pa.int64()), ("data", pa.binary())]
)
"""A pickled summary in pieces, so that neither Spark's rows nor its heap grow with it."""

_PIECE_BYTES: Final = 4 << 20
_PART_MASK: Final = (1 << PART_BITS) - 1

Report = dict[int, int | bytes]
"""Rows written by part; under -1 - partition the exceptions that stopped it, pickled. A second run reports the same."""


@dataclass(frozen=True, slots=True)
class Map:
    """Batch in, batch out; a part stays a part.

    source, target  Schemas of what `fn` takes and gives.
    rows            Of a batch, at most.
    """

    fn: Callable[[pa.RecordBatch], pa.RecordBatch]
    source: pa.Schema
    target: pa.Schema
    rows: int

    def __call__(self, batches: Iterable[pa.RecordBatch], partition: int, report: Report) -> Iterator[pa.RecordBatch]:
        """Run on one partition, which holds whole parts in order."""
        del partition
        n_in = n_out = part = 0
        for batch in _cut(batches, self.rows):
            at = batch.column(AT)
            if at[0].as_py() >> PART_BITS != part:
                n_in, n_out, part = 0, 0, at[0].as_py() >> PART_BITS
            _check_order(at, part, n_in)
            result = conform(self.fn(decode(batch, self.source)), self.target)
            n_in += batch.num_rows
            yield encode(result, (part << PART_BITS) + n_out)
            n_out += result.num_rows
            report[part] = n_out


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows in, one pickled summary out."""

    zero: Callable[[], Any]
    fold: Callable[[Any, pa.RecordBatch], Any]
    source: pa.Schema
    rows: int

    def __call__(self, batches: Iterable[pa.RecordBatch], partition: int, report: Report) -> Iterator[pa.RecordBatch]:
        """Run on one partition, in whatever order it comes."""
        del report
        summary = self.zero()
        for batch in _cut(batches, self.rows):
            summary = self.fold(summary, decode(batch, self.source))
        yield from _pieces(summary, partition)


@dataclass(frozen=True, slots=True)
class Merge:
    """Pickled summaries in, one out."""

    def __call__(self, batches: Iterable[pa.RecordBatch], partition: int, report: Report) -> Iterator[pa.RecordBatch]:
        """Run on one partition, sorted by sender and piece."""
        del report
        found = summaries(batches)
        for summary in found:
            merged = summary
            for other in found:
                merged = merged.merge(other)
            yield from _pieces(merged, partition)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows sorted by `key` in, whole groups to `fn`, its results out; a partition becomes a part.

    limit_bytes     Of one group that is held in memory; what is more waits in files.
    """

    fn: Callable[[pa.Table], pa.Table]
    key: str
    source: pa.Schema
    target: pa.Schema
    rows: int
    limit_bytes: int

    def __call__(self, batches: Iterable[pa.RecordBatch], partition: int, report: Report) -> Iterator[pa.RecordBatch]:
        """Run on one partition."""
        n_out, first = 0, partition << PART_BITS
        rows = (decode(batch, self.source) for batch in batches if batch.num_rows)
        with Spool(self.limit_bytes, _local_folder()) as spool:
            for table in whole_groups(rows, self.key, self.rows, spool.hold):
                whole = spool.whole(table).replace_schema_metadata(self.source.metadata)
                result = conform(self.fn(whole), self.target)
                spool.forget()
                for batch in result.to_batches(max_chunksize=self.rows):
                    yield encode(batch, first + n_out)
                    n_out += batch.num_rows
                report[partition] = n_out


Task = Map | Fold | Merge | Group


def run(task: Task, batches: Iterable[pa.RecordBatch], partition: int, report: Report) -> Iterator[pa.RecordBatch]:
    """Run a task. An exception of its function ends it early and goes into the report: trying again would not help."""
    try:
        yield from task(batches, partition, report)
    except (GeneratorExit, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - whatever the function raises is raised again by the driver
        report[-1 - partition] = _pickled(error)


def failure_of(reported: bytes) -> BaseException:
    """The exception that a task reported, with its causes."""
    chain: list[BaseException] = pickle.loads(reported)  # noqa: S301 - from our own executor
    for error, cause in pairwise(chain):
        error.__cause__ = cause
    return chain[0]


def _pickled(error: BaseException) -> bytes:
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 8:
        chain.append(_portable(cause))
        cause = cause.__cause__
    return _dumps(chain)


def _portable(error: BaseException) -> BaseException:
    """The exception, or one that says the same when it cannot travel."""
    try:
        copy = pickle.loads(_dumps(error))  # noqa: S301 - made in this line
    except Exception:  # noqa: BLE001 - any reason is one
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(copy, BaseException) else RuntimeError(f"{type(error).__name__}: {error}")


def summaries(batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
    """Summaries out of their pieces, sorted by sender and piece."""
    data, n = bytearray(), 0
    for batch in batches:
        sizes = batch.column("size_bytes").to_pylist()
        for size_bytes, piece in zip(sizes, batch.column("data"), strict=True):
            if not n:
                data = bytearray(size_bytes)
            content = memoryview(piece.as_buffer())
            data[n : n + len(content)] = content
            n += len(content)
            if n == size_bytes:
                yield pickle.loads(data)  # noqa: S301 - from our own executor
                data, n = bytearray(), 0


def _pieces(summary: Any, sender: int) -> Iterator[pa.RecordBatch]:  # noqa: ANN401 - any mergeable value
    data = memoryview(_dumps(summary))
    for piece, start in enumerate(range(0, len(data), _PIECE_BYTES)):
        columns = [[sender], [piece], [len(data)], [data[start : start + _PIECE_BYTES]]]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SUMMARY, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=SUMMARY)


def _dumps(value: Any) -> bytes:  # noqa: ANN401 - any value
    """Pickled; classes that only the driver's main program knows go along."""
    from pyspark import cloudpickle  # noqa: PLC0415 - only where Spark runs

    return bytes(cloudpickle.dumps(value, protocol=5))  # type: ignore[no-untyped-call]


def _cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def _check_order(at: pa.Array, part: int, n_before: int) -> None:
    """A part that came in another order, or not whole, would lose the order of the logs without a word."""
    values = at.to_numpy()
    if values[0] & _PART_MASK != n_before or not np.array_equal(values, np.arange(values[0], values[0] + len(values))):
        message = f"rows of part {part} came out of order after {n_before:,} rows"
        raise RuntimeError(message)


def _local_folder() -> str | None:
    """Where Spark lets an executor write."""
    folders = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")
    return next((folder for folder in folders if os.path.isdir(folder)), None)  # noqa: PTH112 - may be no path at all
