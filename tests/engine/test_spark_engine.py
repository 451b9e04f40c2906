"""What is particular to the engine of a cluster."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.engine import LocalEngine
from stillwatch.engine.spark import SparkEngine, SparkSizes
from stillwatch.errors import EngineUnavailable, InvalidInput

pytestmark = pytest.mark.usefixtures("spark")

ROWS = pa.schema([("key", pa.uint64()), ("row", pa.int64())])
TASKS = pa.schema([("key", pa.uint64()), ("rows", pa.int64()), ("task", pa.int64())])


class Numbers:
    """Every number once, so that a row that counts twice or never shows."""

    def __init__(self, seen: Counter[int] | None = None) -> None:
        self.seen = seen or Counter()

    def merge(self, other: "Numbers") -> "Numbers":
        return Numbers(self.seen + other.seen)


def popular(n: int = 20_000) -> pa.Table:
    """Half of the rows have one key, in the middle of the others."""
    keys = np.random.default_rng(5).integers(0, 2**64 - 1, n, dtype=np.uint64)
    keys[::2] = np.uint64(1 << 63)
    return pa.table([keys, np.arange(n)], schema=ROWS)


def sizes_by_task(table: pa.Table) -> pa.Table:
    """Rows of each group, and the task that saw them."""
    from pyspark import TaskContext  # noqa: PLC0415 - runs on an executor

    context = TaskContext.get()
    assert context is not None
    keys, rows = np.unique(table["key"].to_numpy(), return_counts=True)
    return pa.table([keys, rows, np.full(len(keys), context.partitionId())], schema=TASKS)


def test_a_popular_key_is_a_task_and_the_rest_is_many(tmp_path: Path) -> None:
    """The task of half of all rows has few others; these are spread over the tasks that are left."""
    table = popular()
    with SparkEngine(work=tmp_path, sizes=SparkSizes(part_rows=1_000)) as engine:
        found = engine.group(engine.dataset(table.to_batches(), ROWS), "key", ("row",), sizes_by_task, TASKS).to_table()
    assert found["key"].to_pylist() == sorted(set(table["key"].to_pylist()))
    load: Counter[int] = Counter()
    for row in found.to_pylist():
        load[row["task"]] += row["rows"]
    (largest, rows), *others = load.most_common()
    assert largest >= 0
    assert 10_000 <= rows < 13_000
    assert len(others) >= 6
    assert max(n for _, n in others) < 4_000


def test_many_summaries_are_merged_on_executors(tmp_path: Path) -> None:
    """Twenty summaries are merged to three, and these here: every row counts once."""
    table = popular(2_000)
    with SparkEngine(work=tmp_path, sizes=SparkSizes(part_rows=100, lanes=20)) as engine:
        data = engine.dataset(table.to_batches(), ROWS)

        def fold(numbers: Numbers, batch: pa.RecordBatch) -> Numbers:
            return numbers.merge(Numbers(Counter(batch["row"].to_pylist())))

        assert engine.reduce(data, Numbers, fold).seen == Counter(range(2_000))
        assert [name.split()[0] for name, _ in engine.broadcast_bytes] == ["fold", "merge"]


def test_what_is_sent_is_said_and_bounded(tmp_path: Path) -> None:
    """A function that holds 200 MB is refused where 128 are allowed; what was sent stands in the list."""
    ballast = np.zeros(25_000_000)
    with SparkEngine(work=tmp_path, broadcast_limit="128MB") as engine:
        data = engine.dataset(popular(100).to_batches(), ROWS)
        with pytest.raises(
            InvalidInput, match=r"would send 200,\d+,\d+ bytes to every executor, the limit is 128,000,000"
        ):
            engine.map(data, lambda batch: batch.slice(len(ballast) * 0), ROWS)
        engine.map(data, lambda batch: batch, ROWS)
        ((name, size_bytes),) = engine.broadcast_bytes
        assert name.startswith("map test_what_is_sent")
        assert 0 < size_bytes < 10_000


def test_what_cannot_travel_is_refused(tmp_path: Path) -> None:
    """A file in the hand of a function."""
    with SparkEngine(work=tmp_path) as engine, (tmp_path / "file").open("w") as file:
        data = engine.dataset(popular(100).to_batches(), ROWS)
        with pytest.raises(InvalidInput, match="cannot travel to executors"):
            engine.map(data, lambda batch: batch.slice(file.tell()), ROWS)


def test_foreign_data_sets_are_refused(tmp_path: Path) -> None:
    """Each engine reads its own."""
    with LocalEngine() as other, SparkEngine(work=tmp_path) as engine:
        data = other.dataset(popular(100).to_batches(), ROWS)
        with pytest.raises(InvalidInput, match="ParquetDataset"):
            engine.map(data, lambda batch: batch, ROWS)


def test_a_part_that_is_lost_is_noticed(tmp_path: Path) -> None:
    """Somebody removes a file of the work folder: no rows are missing without a word."""
    with SparkEngine(work=tmp_path, sizes=SparkSizes(part_rows=50)) as engine:
        data = engine.dataset(popular(100).to_batches(), ROWS)
        min(tmp_path.rglob("*.parquet")).unlink()
        with pytest.raises(EngineUnavailable, match="holds 50 rows, 100 were written"):
            data.to_table()


def test_any_store_of_hadoop_will_do(store: tuple[str, Path]) -> None:
    """Where the driver cannot look into the work folder by itself, it asks Hadoop."""
    url, there = store
    table = popular(2_000)
    with SparkEngine(work=url, sizes=SparkSizes(part_rows=500)) as engine:
        data = engine.dataset(table.to_batches(), ROWS)
        assert engine.map(data, lambda batch: batch, ROWS).to_table().equals(table)
        grouped = engine.group(data, "key", ("row",), lambda part: part, ROWS).to_table()
        assert grouped.equals(table.sort_by([("key", "ascending"), ("row", "ascending")]))
    assert list(there.iterdir()) == []
