"""The engine of a cluster: three verbs as Spark jobs over Parquet files, with the very functions of the local engine.

A data set is a folder of Parquet files in a store that all executors reach. Every row has its place in the column
`AT`, so that order survives whatever Spark does with files and tasks; only what Spark has committed counts.
"""

import math
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.engine.memory import parse_memory
from stillwatch.engine.parquet import conform, narrowed, open_parquet
from stillwatch.engine.spark_entry import entry
from stillwatch.engine.spark_session import is_on_this_machine, new_session, open_session
from stillwatch.engine.spark_ship import archive_of, ship, versions
from stillwatch.engine.spark_store import Store, fetch, has_scheme
from stillwatch.engine.spark_tasks import SUMMARY, Fold, Group, Map, Merge, Report, Task, failure_of, summaries
from stillwatch.engine.spark_types import AT, PART_BITS, decode, encode, physical
from stillwatch.errors import EngineUnavailable, InvalidInput
from stillwatch.model.engine import Dataset, Mergeable

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.accumulators import AccumulatorParam
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

__all__ = ["SparkDataset", "SparkEngine", "SparkSizes"]

M = TypeVar("M", bound=Mergeable)

_FAN_IN: Final = 8
"""Summaries that are merged in one place."""


@dataclass(frozen=True, slots=True)
class SparkSizes:
    """How work is cut; results do not depend on it.

    batch_rows      Rows handed to a function at a time, at most; fewer when they are more than 64 MB.
    group_rows      Rows of whole groups handed over at a time, about.
    part_rows       Rows of a part, about: what one task reads, or sorts.
    part_bytes      Bytes of a part, about.
    lanes           Summaries that are folded side by side; None is one a core.
    """

    batch_rows: int = 65_536
    group_rows: int = 250_000
    part_rows: int = 262_144
    part_bytes: int = 64_000_000
    lanes: int | None = None


@dataclass(frozen=True, slots=True)
class SparkDataset:
    """A table in a folder of the engine's store.

    stored  Schema as it was written; `schema` has the columns that are read.
    name    Of the folder.
    rows    Rows of each part.
    """

    schema: pa.Schema
    stored: pa.Schema
    store: Store = field(repr=False)
    name: str
    rows: Mapping[int, int]

    def count(self) -> int:
        """Rows."""
        return sum(self.rows.values())

    def select(self, columns: list[str]) -> Self:
        """Keep only the named columns, in the order of the list; nothing is copied.

        Raises    InvalidInput if a column does not exist.
        """
        return replace(self, schema=narrowed(self.schema, columns))

    def to_table(self, columns: list[str] | None = None) -> pa.Table:
        """Bring the named columns into memory, in the dataset's order.

        Raises    InvalidInput if a column does not exist.
        """
        if columns is not None:
            return self.select(columns).to_table()
        with self.store.files(self.name) as files:
            parts = [part for path in files for part in _parts(path, self.schema)]
        parts.sort(key=lambda part: part[0])
        table = pa.Table.from_batches([batch for _, batch in parts], self.schema)
        if len(table) != self.count():
            message = f"{self.store.at(self.name)} holds {len(table):,} rows, {self.count():,} were written"
            raise EngineUnavailable(message)
        return conform(table, self.schema)


def _parts(path: Path, schema: pa.Schema) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches of one file with the places of their first rows."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1 << 20, columns=[*schema.names, AT], use_threads=False):
            if batch.num_rows:
                yield batch.column(AT)[0].as_py(), decode(batch, schema)


class SparkEngine:
    """Runs `map`, `reduce` and `group` on the executors of a Spark cluster.

    A task that is lost with its executor runs again from files of the step before; what it had written is not
    committed and does not count.

    broadcast_bytes     What each step sent to the executors, by step, in the order of the steps.
    """

    def __init__(
        self,
        master: str | None = None,
        work: str | Path | None = None,
        memory: str = "4GB",
        *,
        broadcast_limit: str = "4GB",
        sizes: SparkSizes | None = None,
    ) -> None:
        """Connect, and make the work folder.

        master          URL of the cluster, as ``spark://host:7077``, ``yarn`` or ``local[4]``; None takes the running
                        context's, or what Spark's own configuration says.
        work            Folder or URL for data sets, which the driver and all executors reach; a folder of its own is
                        made there and removed by `close`. None is a temporary folder, for a cluster on this machine.
        memory          Of a Python worker for the group at hand; what is more waits in files.
        broadcast_limit Largest function, with all it holds, that a step may send to the executors.
        sizes           How work is cut.
        Raises          InvalidInput if an option is out of range, EngineUnavailable if Spark is not there.
        """
        if work is None and not is_on_this_machine(master):
            message = (
                f"work must name a folder that the executors of {master} reach, as hdfs://... or s3a://..., got none"
            )
            raise InvalidInput(message)
        self._sizes = sizes or SparkSizes()
        self._limit_bytes, self._broadcast_limit = parse_memory(memory) // 4, parse_memory(broadcast_limit)
        self._session, self._owns_context = open_session(master)
        self._spark = new_session(self._session, self._sizes.batch_rows)
        self._context = self._spark.sparkContext
        folder = f"stillwatch-{uuid4().hex[:12]}"
        self._store: Store | None = Store(self._spark, f"{tempfile.gettempdir() if work is None else work}/{folder}")
        self._archive = archive_of(str(self._context.applicationId), self._context)
        self._copies = tempfile.TemporaryDirectory(prefix="stillwatch-logs-")
        self._n_steps = 0
        self.broadcast_bytes: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        """Use the engine; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()

    def close(self) -> None:
        """Remove the work folder, and stop Spark if this engine started it; more than once is fine."""
        if self._store is not None:
            self._store.delete()
            self._copies.cleanup()
            if self._owns_context:
                self._session.stop()
        self._store = None

    def dataset(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> SparkDataset:
        """Write batches as they come, part by part; that is how rows enter the engine.

        Raises    InvalidInput if a batch is not of `schema`.
        """
        with self._step() as (store, name), tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
            rows: dict[int, int] = {}
            for part, table in enumerate(self._part_tables(batches, schema)):
                path = Path(folder) / f"part-{part:06}.parquet"
                with pq.ParquetWriter(path, physical(schema), compression="snappy") as file:
                    for batch in table.combine_chunks().to_batches():
                        file.write_batch(encode(batch, part << PART_BITS))
                store.put(path, f"{name}/{path.name}")
                rows[part] = table.num_rows
            return SparkDataset(schema, schema, store, name, rows)

    def fetched(self, paths: Sequence[str | Path]) -> list[str | Path]:
        """The same paths, with copies on this machine in the place of URLs; `close` removes these.

        Raises    MissingData if there is nothing at a URL.
        """
        found: list[str | Path] = []
        for i, path in enumerate(paths):
            copies = fetch(self._spark, str(path), Path(self._copies.name) / str(i)) if has_scheme(path) else [path]
            found.extend(copies)
        return found

    def from_parquet(self, paths: Sequence[str | Path]) -> SparkDataset:
        """Read existing files of this machine, in the order given, into the engine.

        Raises    InvalidInput if there are none or their columns differ; UnreadableSource if one is not Parquet.
        """
        source = open_parquet(paths)
        return self.dataset(source.batches(self._sizes.batch_rows), source.schema)

    def map(self, dataset: Dataset, fn: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema) -> SparkDataset:
        """Batch in, batch out, order kept; the batches may grow or shrink.

        Raises    What `fn` raises; InvalidInput if it returns something else than `schema`, or cannot travel.
        """
        source = _of_spark(dataset)
        task = Map(fn, source.schema, schema, self._sizes.batch_rows)
        return self._written(source, lambda: self._read(source), task, schema)

    def reduce(self, dataset: Dataset, zero: Callable[[], M], fold: Callable[[M, pa.RecordBatch], M]) -> M:
        """Fold parts into one summary a core, and merge these: eight at a time on executors, the last eight here.

        Raises    What `fold` raises; InvalidInput if it cannot travel.
        """
        source = _of_spark(dataset)
        if not source.count():
            return zero()
        n = min(len(source.rows), self._sizes.lanes or max(1, self._context.defaultParallelism))
        frame = self._read(source).coalesce(n)
        with self._step(keep=False) as (store, name):
            self._run(frame, Fold(zero, fold, source.schema, self._sizes.batch_rows), SUMMARY, f"{name}/0")
            level = 0
            while n > _FAN_IN:
                n = math.ceil(n / _FAN_IN)
                frame = self._frame(f"{name}/{level}", SUMMARY).repartition(n, "sender")
                level += 1
                self._run(frame.sortWithinPartitions("sender", "piece"), Merge(), SUMMARY, f"{name}/{level}")
            with store.files(f"{name}/{level}") as files:
                merged: M = reduce(lambda one, other: one.merge(other), summaries(_pieces(files)))
            return merged

    def group(
        self,
        dataset: Dataset,
        key: str,
        order_by: tuple[str, ...],
        fn: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
    ) -> SparkDataset:
        """Call `fn` with tables that hold one or more whole groups, sorted by `key` then `order_by`.

        Spark cuts the rows into ranges of keys of about equal size, by a sample: a group larger than that has a range,
        and so a task, to itself but for a few smaller ones. Each range is sorted outside of memory and streamed.

        Raises    What `fn` raises; InvalidInput if a column does not exist, `fn` cannot travel or returns something
                  else than `schema`.
        """
        from pyspark.sql.functions import col  # noqa: PLC0415 - an extra

        source = _of_spark(dataset)
        source.select([key, *order_by])  # refuses columns that do not exist
        order = [col(_quoted(name)).asc_nulls_last() for name in (key, *order_by, AT)]
        n = max(1, math.ceil(source.count() / self._sizes.part_rows))
        task = Group(fn, key, source.schema, schema, self._sizes.group_rows, self._limit_bytes)

        def ranges() -> "DataFrame":
            return self._read(source).repartitionByRange(n, order[0]).sortWithinPartitions(*order)

        return self._written(source, ranges, task, schema)

    def _written(
        self, source: SparkDataset, frame: "Callable[[], DataFrame]", task: Task, schema: pa.Schema
    ) -> SparkDataset:
        stored = physical(schema)
        with self._step() as (store, name):
            rows = self._run(frame(), task, stored, name) if source.count() else {}
            return SparkDataset(schema, schema, store, name, rows)

    def _run(self, frame: "DataFrame", task: Task, stored: pa.Schema, name: str) -> dict[int, int]:
        """Run a task on every partition and write what it gives; rows of each part."""
        from py4j.protocol import Py4JError  # noqa: PLC0415 - comes with pyspark
        from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

        broadcast = self._shipped(task)
        reports = self._context.accumulator({}, _by_key())
        run = entry(self._archive, broadcast, reports, versions())
        try:
            frame.mapInArrow(run, _spark_schema(stored)).write.parquet(self._open_store().at(name))
        except (PySparkException, Py4JError) as error:
            message = f"Spark gave up on a step: {_reason(error)}"
            raise EngineUnavailable(message) from error
        finally:
            broadcast.destroy()
        found: Report = reports.value
        for key in sorted(found, reverse=True):
            if isinstance(reported := found[key], bytes):
                raise failure_of(reported)
        return {part: rows for part, rows in found.items() if isinstance(rows, int)}

    def _shipped(self, task: Task) -> "Broadcast[Any]":
        """The task as a broadcast.

        Raises    InvalidInput if it cannot travel or is too large to.
        """
        what = _named(task)
        try:
            broadcast, size_bytes = ship(task, self._context, self._broadcast_limit)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            message = f"{what} cannot travel to executors: {error}"
            raise InvalidInput(message) from error
        self.broadcast_bytes.append((what, size_bytes))
        return broadcast

    def _read(self, dataset: SparkDataset) -> "DataFrame":
        """Rows as they are stored: one partition a part, in order; only the columns of the data set."""
        frame = self._frame(dataset.name, physical(dataset.stored))
        return frame.select([_quoted(name) for name in (*dataset.schema.names, AT)])

    def _frame(self, name: str, stored: pa.Schema) -> "DataFrame":
        return self._spark.read.schema(_spark_schema(stored)).parquet(self._open_store().at(name))

    @contextmanager
    def _step(self, *, keep: bool = True) -> Iterator[tuple[Store, str]]:
        """Store, and name of a new folder in it, which a failure removes."""
        store = self._open_store()
        self._n_steps += 1
        name = f"{self._n_steps:06}"
        try:
            yield store, name
        except BaseException:
            store.delete(name)
            raise
        if not keep:
            store.delete(name)

    def _open_store(self) -> Store:
        if self._store is None:
            message = "the engine is closed: make a new one"
            raise InvalidInput(message)
        return self._store

    def _part_tables(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
        """Batches put together until they are worth a part."""
        held: list[pa.RecordBatch] = []
        rows = size_bytes = 0
        for batch in batches:
            for start in range(0, batch.num_rows, self._sizes.part_rows):
                held.append(conform(batch, schema).slice(start, self._sizes.part_rows))
                rows, size_bytes = rows + held[-1].num_rows, size_bytes + held[-1].nbytes
                if rows >= self._sizes.part_rows or size_bytes >= self._sizes.part_bytes:
                    yield pa.Table.from_batches(held, schema)
                    held, rows, size_bytes = [], 0, 0
        if rows:
            yield pa.Table.from_batches(held, schema)


def _pieces(files: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=8, use_threads=False)


def _of_spark(dataset: Dataset) -> SparkDataset:
    """Refuse data sets of other engines."""
    if not isinstance(dataset, SparkDataset):
        message = f"a data set of this engine is needed, got {type(dataset).__name__}"
        raise InvalidInput(message)
    return dataset


def _named(task: Task) -> str:
    """Verb and function."""
    fn = getattr(task, "fold", getattr(task, "fn", None))
    name = getattr(fn, "__qualname__", type(fn).__name__)
    return f"{type(task).__name__.lower()} {name.replace('.<locals>', '')}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _reason(error: Exception) -> str:
    """What Spark says, without stack traces: the first line that names the trouble."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "Error: " in line or "Lost task" in line]
    return (told or lines or [type(error).__name__])[0][:400]


def _by_key() -> "AccumulatorParam[Report]":
    """How reports of tasks are put together. A class made here travels by itself, before the package is there."""
    from pyspark.accumulators import AccumulatorParam  # noqa: PLC0415 - an extra

    class ByKey(AccumulatorParam[dict[int, Any]]):
        def zero(self, value: dict[int, Any]) -> dict[int, Any]:  # noqa: ARG002 - the shape of the interface
            return {}

        def addInPlace(self, value1: dict[int, Any], value2: dict[int, Any]) -> dict[int, Any]:  # noqa: N802
            return {**value1, **value2}

    return ByKey()


def _spark_schema(stored: pa.Schema) -> "StructType":
    from pyspark.sql import types  # noqa: PLC0415 - an extra

    kinds = {
        pa.bool_(): types.BooleanType(),
        pa.int8(): types.ByteType(),
        pa.int16(): types.ShortType(),
        pa.int32(): types.IntegerType(),
        pa.int64(): types.LongType(),
        pa.float32(): types.FloatType(),
        pa.float64(): types.DoubleType(),
        pa.string(): types.StringType(),
        pa.binary(): types.BinaryType(),
    }
    return types.StructType([types.StructField(field.name, kinds[field.type]) for field in stored])
