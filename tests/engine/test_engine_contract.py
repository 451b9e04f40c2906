"""What every engine must do. A new engine is one more line in ENGINES; the tests stay as they are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.engine import LocalEngine
from stillwatch.engine.spark import SparkEngine, SparkSizes
from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.model.engine import Dataset, Engine


class OpenEngine(Engine, Protocol):
    """An engine with its two ways in."""

    def dataset(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Dataset: ...

    def from_parquet(self, paths: Sequence[str | Path]) -> Dataset: ...


@dataclass(frozen=True)
class Size:
    """How an engine cuts its work; results must not depend on it."""

    threads: int = 2
    batch_rows: int = 997
    group_rows: int = 2_000
    memory: str = "512MB"


Opener = Callable[[Path, Size], AbstractContextManager[OpenEngine]]


def _local(workdir: Path, size: Size) -> LocalEngine:
    return LocalEngine(workdir, size.memory, size.threads, batch_rows=size.batch_rows, group_rows=size.group_rows)


def _spark(workdir: Path, size: Size) -> SparkEngine:
    sizes = SparkSizes(size.batch_rows, size.group_rows, part_rows=max(1_500, size.group_rows))
    return SparkEngine(work=workdir, memory=size.memory, sizes=sizes)


ENGINES: dict[str, Opener] = {"local": _local, "spark": _spark}
SIZES = (Size(), Size(threads=1, batch_rows=1, group_rows=1), Size(3, 10_000, 3_000), Size(2, 64, 1_000_000))
ROWS = pa.schema([("key", pa.uint64()), ("time", pa.int64()), ("row", pa.int64()), ("text", pa.string())])
GROUP = pa.schema([("key", pa.uint64()), ("rows", pa.int64()), ("digest", pa.uint64())])


@pytest.fixture(params=list(ENGINES))
def opener(request: pytest.FixtureRequest) -> Opener:
    """How to open each engine in turn."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    return ENGINES[request.param]


@pytest.fixture
def engine(opener: Opener, tmp_path: Path) -> Iterator[OpenEngine]:
    """Each engine in turn, open."""
    with opener(tmp_path, Size()) as opened:
        yield opened


def _rows(n: int = 5_000, seed: int = 1) -> pa.Table:
    """Rows with Zipf-sized groups, keys on both sides of 2**63, times with ties and a total order (time, row)."""
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**64 - 1, 200, dtype=np.uint64)[rng.zipf(1.4, n) % 200]
    columns = [keys, rng.integers(0, 50, n), np.arange(n), [f"row {i}" if i % 7 else None for i in range(n)]]
    return pa.table(columns, schema=ROWS)


def _put(engine: OpenEngine, table: pa.Table) -> Dataset:
    return engine.dataset(table.to_batches(max_chunksize=313), table.schema)


def _double(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.set_column(2, ROWS.field("row"), pc.multiply(batch["row"], 2))


def _even_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pc.equal(pc.bit_wise_and(batch["row"], 1), 0))


def _digests(table: pa.Table) -> pa.Table:
    """Rows and an order-sensitive digest of each group."""
    key, row = table["key"].to_numpy(), table["row"].to_numpy().astype(np.uint64)
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    sizes = np.diff(np.r_[starts, len(key)])
    place = np.arange(len(key)) - np.repeat(starts, sizes)
    digest = np.add.reduceat((row + np.uint64(1)) * (place.astype(np.uint64) * np.uint64(31) + np.uint64(7)), starts)
    return pa.table([key[starts], sizes, digest], schema=GROUP)


@dataclass
class Total:
    """A mergeable count and sum."""

    rows: int = 0
    total: int = 0

    def merge(self, other: "Total") -> "Total":
        return Total(self.rows + other.rows, self.total + other.total)


def _add(total: Total, batch: pa.RecordBatch) -> Total:
    return total.merge(Total(batch.num_rows, pc.sum(batch["row"]).as_py()))


def test_dataset_gives_back_what_was_put_in(engine: OpenEngine) -> None:
    """Rows, order, types and labels survive."""
    table = _rows().replace_schema_metadata({"stillwatch.table": "rows"})
    data = _put(engine, table)
    assert data.count() == table.num_rows
    assert data.schema.equals(table.schema, check_metadata=True)
    assert data.to_table().equals(table)
    assert data.to_table(["text", "key"]).equals(table.select(["text", "key"]))


def test_select_is_seen_by_every_verb(engine: OpenEngine) -> None:
    """A narrowed data set hands narrow batches to functions."""
    table = _rows()
    data = _put(engine, table).select(["row", "key"])
    assert data.schema.names == ["row", "key"]
    mapped = engine.map(data, lambda batch: batch, data.schema)
    assert mapped.to_table().equals(table.select(["row", "key"]))
    assert engine.reduce(data, Total, _add).rows == table.num_rows
    grouped = engine.group(data, "key", ("row",), _digests, GROUP)
    assert sum(grouped.to_table()["rows"].to_pylist()) == table.num_rows


@pytest.mark.parametrize("size", SIZES)
def test_map_is_bit_equal_at_every_size(opener: Opener, tmp_path: Path, size: Size) -> None:
    """Order is kept, whatever the batches and threads; batches may shrink."""
    table = _rows()
    with opener(tmp_path, size) as engine:
        data = _put(engine, table)
        doubled = engine.map(data, _double, ROWS).to_table()
        assert doubled.equals(table.set_column(2, ROWS.field("row"), pc.multiply(table["row"], 2)))
        assert engine.map(data, _even_rows, ROWS).to_table()["row"].to_pylist() == list(range(0, 5_000, 2))


@pytest.mark.parametrize("size", SIZES)
def test_reduce_is_equal_at_every_size(opener: Opener, tmp_path: Path, size: Size) -> None:
    """Every row is folded exactly once."""
    with opener(tmp_path, size) as engine:
        assert engine.reduce(_put(engine, _rows()), Total, _add) == Total(5_000, 4_999 * 2_500)


@pytest.mark.parametrize("size", SIZES)
def test_group_is_bit_equal_at_every_size(opener: Opener, tmp_path: Path, size: Size) -> None:
    """Groups come whole and ordered, the result is in the order of the key; the oracle is Arrow's own sort."""
    table = _rows()
    by = [("key", "ascending"), ("time", "ascending"), ("row", "ascending")]
    with opener(tmp_path, size) as engine:
        grouped = engine.group(_put(engine, table), "key", ("time", "row"), _digests, GROUP)
        assert grouped.to_table().equals(_digests(table.sort_by(by)))


def test_group_hands_over_each_group_once_and_sorted(engine: OpenEngine) -> None:
    """No key is seen by two calls; text keys and a group without key work."""
    table = _rows().set_column(3, "text", pa.array([None if i % 11 == 0 else f"k{i % 41}" for i in range(5_000)]))
    labelled = table.schema.append(pa.field("call", pa.string()))

    def label(part: pa.Table) -> pa.Table:
        assert part.sort_by([("text", "ascending"), ("row", "ascending")]).equals(part)
        return part.append_column(labelled.field("call"), pa.array([uuid4().hex] * part.num_rows, pa.string()))

    result = engine.group(_put(engine, table), "text", ("row",), label, labelled).to_table()
    calls = result.group_by("text").aggregate([("call", "count_distinct")])
    assert sorted(calls["text"].to_pylist(), key=str) == sorted({f"k{i}" for i in range(41)} | {None}, key=str)
    assert set(calls["call_count_distinct"].to_pylist()) == {1}
    assert result.drop_columns(["call"]).equals(table.sort_by([("text", "ascending"), ("row", "ascending")]))


def test_group_works_on_more_than_memory(opener: Opener, tmp_path: Path) -> None:
    """Rows of 240 MB, one group of them with a quarter of all rows, are grouped under a limit of 128 MB."""
    wide = pa.schema([*GROUP_INPUT, *((f"noise_{i}", pa.uint64()) for i in range(7))])

    def batches() -> Iterator[pa.RecordBatch]:
        rng = np.random.default_rng(7)
        for start in range(0, 3_000_000, 100_000):
            keys = rng.integers(0, 4_000, 100_000, dtype=np.uint64)
            keys[: 100_000 // 4] = 17
            noise = [rng.integers(0, 2**63, 100_000, dtype=np.uint64) for _ in range(7)]
            rows = np.arange(start, start + 100_000)
            yield pa.record_batch([keys, rng.integers(0, 2**40, 100_000), rows, *noise], schema=wide)

    with opener(tmp_path, Size(2, 65_536, 250_000, "128MB")) as engine:
        data = engine.dataset(batches(), wide)
        grouped = engine.group(data, "key", ("time", "row"), _digests, GROUP).to_table()
        narrow = data.to_table(["key", "time", "row"])
    by = [("key", "ascending"), ("time", "ascending"), ("row", "ascending")]
    assert grouped.equals(_digests(narrow.sort_by(by)))


GROUP_INPUT = [("key", pa.uint64()), ("time", pa.int64()), ("row", pa.int64())]


def test_empty_data_gives_empty_results(engine: OpenEngine) -> None:
    """No rows in, no rows out, no call."""

    def never(data: pa.Table) -> pa.Table:
        message = f"called with {data.num_rows} rows"
        raise AssertionError(message)

    data = engine.dataset([], ROWS)
    assert data.count() == 0
    assert data.to_table().equals(ROWS.empty_table())
    assert engine.map(data, never, GROUP).to_table().equals(GROUP.empty_table())
    assert engine.reduce(data, Total, _add) == Total()
    assert engine.group(data, "key", ("time",), never, GROUP).to_table().equals(GROUP.empty_table())


def _boom(*_: object) -> pa.Table:
    try:
        int("not a number")
    except ValueError as error:
        message = "row 7 of exchange x"
        raise LookupError(message) from error


@pytest.mark.parametrize("verb", ["map", "reduce", "group"])
def test_exceptions_arrive_with_their_cause(engine: OpenEngine, verb: str) -> None:
    """Type, message and cause of what a function raises are kept, and the engine goes on working."""
    data = _put(engine, _rows())
    run: dict[str, Callable[[], object]] = {
        "map": lambda: engine.map(data, _boom, ROWS),
        "reduce": lambda: engine.reduce(data, Total, _boom),
        "group": lambda: engine.group(data, "key", ("row",), _boom, ROWS),
    }
    with pytest.raises(LookupError, match="row 7 of exchange x") as caught:
        run[verb]()
    assert isinstance(caught.value.__cause__, ValueError)
    assert engine.reduce(data, Total, _add).rows == 5_000


def test_results_must_be_of_the_declared_schema(engine: OpenEngine) -> None:
    """A wrong type, a missing column or a null where none may be is refused by name."""
    data = _put(engine, _rows())
    with pytest.raises(InvalidInput, match="digest"):
        engine.map(data, lambda batch: batch, GROUP)
    strict = pa.schema([field.with_nullable(False) for field in ROWS])
    with pytest.raises(InvalidInput, match="'text' is declared without nulls"):
        engine.group(data, "key", ("row",), lambda table: table, strict)
    with pytest.raises(InvalidInput, match="columns differ"):
        engine.dataset(_rows().to_batches(), GROUP)


def test_unknown_columns_are_refused(engine: OpenEngine) -> None:
    """Before any work is done."""
    data = _put(engine, _rows())
    with pytest.raises(InvalidInput, match="hour"):
        engine.group(data, "key", ("hour",), _digests, GROUP)
    with pytest.raises(InvalidInput, match="hour"):
        data.to_table(["hour"])


def test_from_parquet_reads_files_in_order(engine: OpenEngine, tmp_path: Path) -> None:
    """Several files are one data set; what cannot be one is refused."""
    tables = [_rows(300, seed) for seed in (1, 2)]
    paths = [tmp_path / f"part {i}'s.parquet" for i in range(2)]
    for table, path in zip(tables, paths, strict=True):
        pq.write_table(table, path)
    data = engine.from_parquet(paths)
    assert data.to_table().equals(pa.concat_tables(tables))
    assert engine.map(data, _double, ROWS).count() == 600
    grouped = engine.group(data, "key", ("time",), lambda table: table, ROWS).to_table()
    stable = pa.concat_tables(tables).sort_by([("key", "ascending"), ("time", "ascending")])
    assert grouped.equals(stable)
    pq.write_table(tables[0].select(["key"]), paths[1])
    with pytest.raises(InvalidInput, match="differ"):
        engine.from_parquet(paths)
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(UnreadableSource, match=r"damaged\.parquet"):
        engine.from_parquet([tmp_path / "damaged.parquet"])
    with pytest.raises(InvalidInput, match="at least one"):
        engine.from_parquet([])


def test_nothing_is_left_on_disk(opener: Opener, tmp_path: Path) -> None:
    """Not after success, not after a failure; a closed engine says so."""
    with opener(tmp_path, Size()) as engine:
        data = _put(engine, _rows())
        engine.group(data, "key", ("row",), _digests, GROUP)
        before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
        for verb in (engine.map, lambda *args: engine.group(args[0], "key", ("row",), *args[1:])):
            with pytest.raises(LookupError):
                verb(data, _boom, ROWS)
        assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidInput, match="closed"):
        engine.dataset([], ROWS)
