"""The whole pass: batch sizes, memory, the spool of quarantine, the registry."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stillwatch.ingest as package
from stillwatch.errors import InvalidInput
from stillwatch.ingest import READERS, Limits, ingest
from stillwatch.ingest.accounts import AccountsReader
from stillwatch.ingest.batches import Batcher
from stillwatch.ingest.mapped import MappedReader
from stillwatch.model.exchange import EXCHANGE

from .conftest import Lines, Read, Row

OUTSIDE_THE_REGISTRY = {AccountsReader, MappedReader}


def test_all_readers_are_registered() -> None:
    """A reader that is not in READERS is read by nobody; names are unique."""
    modules = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    found = {
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "recognises") and hasattr(cls, "read")
    }
    assert found - OUTSIDE_THE_REGISTRY == {type(reader) for reader in READERS}
    assert len({reader.name for reader in READERS}) == len(READERS)
    assert {reader.unit for reader in READERS} <= {"line", "record", "byte"}


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 12))
def test_batches_have_all_rows_in_order(sizes: list[int], rows: int) -> None:
    """However rows come in, they go out in order, in batches of at most the limit, none empty."""
    batcher = Batcher(rows, 10**9)
    numbers = iter(range(sum(sizes)))
    out = [
        b
        for n in sizes
        for b in batcher.add(pa.record_batch({"a": pa.array([next(numbers) for _ in range(n)], pa.int64())}))
    ]
    out += batcher.flush()
    assert [value for batch in out for value in batch.column(0).to_pylist()] == list(range(sum(sizes)))
    assert all(0 < batch.num_rows <= rows for batch in out)


def test_small_files_become_few_batches(lines: Lines, row: Row, tmp_path: Path) -> None:
    """Many files of one row are handed on together."""
    for i in range(50):
        lines(row(i), name=f"{i}.ndjson")
    assert [batch.num_rows for batch in ingest(tmp_path).batches()] == [50]


def test_quarantine_goes_to_disk(lines: Lines, row: Row, read: Read) -> None:
    """Rows over the limit are spooled; the table has all of them, in order."""
    bad = [row(i, output_tokens=-i) for i in range(1, 100)]
    logs, _ = read(lines(*bad), limits=Limits(quarantine_rows=10))
    assert logs.quarantine["row"].to_pylist() == list(range(1, 100))
    assert logs.quarantine["exchange_id"].to_pylist() == [f"ex-{i}" for i in range(1, 100)]


def test_quarantine_is_in_the_order_of_the_file(lines: Lines, row: Row, read: Read) -> None:
    """Broken lines and bad values come out in the order they stand in."""
    logs, _ = read(lines(row(1, top_p=2), b"broken", row(3, top_p=2), b"[]", row(5)))
    assert logs.quarantine["row"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize("field", ["text_bytes", "label_bytes", "batch_rows", "batch_bytes", "quarantine_rows"])
def test_limits_that_nothing_passes(field: str) -> None:
    """A bound below one is refused by name."""
    with pytest.raises(InvalidInput, match=f"{field} must be at least 1, got 0"):
        Limits(**{field: 0})  # type: ignore[arg-type] # one name of several types


def peak_bytes(path: Path) -> int:
    """Most Arrow memory held at once while a file is read batch by batch."""
    most = 0
    before = pa.total_allocated_bytes()
    for _ in ingest(path).batches():
        most = max(most, pa.total_allocated_bytes() - before)
    return most


def test_memory_does_not_grow_with_parquet(tmp_path: Path) -> None:
    """Eight times the rows, the same memory: what is held is a batch or two."""
    n = 40_000
    peaks = []
    for times in (1, 8):
        path = tmp_path / f"{times}.parquet"
        with pq.ParquetWriter(path, EXCHANGE) as writer:
            for part in range(times):
                writer.write_table(table_of(range(part * n, (part + 1) * n)))
        peaks.append(peak_bytes(path))
    assert peaks[1] < 2.5 * peaks[0]


def table_of(numbers: range) -> pa.Table:
    """Good rows with 500 bytes of text each."""
    n = len(numbers)
    columns = {
        "exchange_id": pa.array([f"ex-{i}" for i in numbers]),
        "time": pa.array([1767225600] * n).cast(pa.timestamp("s")).cast(EXCHANGE.field("time").type),
        "account_id": pa.array(["a"] * n),
        "prompt_text": pa.array([f"{i:0500d}" for i in numbers]),
    }
    return pa.table([columns.get(f.name, pa.nulls(n, f.type)) for f in EXCHANGE], schema=EXCHANGE)


def test_memory_does_not_grow_with_ndjson(lines: Lines, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python memory of reading lines is that of one chunk, however long the file."""
    import tracemalloc  # noqa: PLC0415 - slows the interpreter, only here

    monkeypatch.setattr("stillwatch.ingest.intake.CHUNK_ROWS", 500)
    peaks = []
    for n in (2_000, 16_000):
        path = lines(*(row(i, prompt_text="x" * 400) for i in range(n)), name=f"{n}")
        tracemalloc.start()
        for _ in ingest(path).batches():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_large_texts_are_not_held_together(lines: Lines, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows with large texts are checked after few of them, not after thousands."""
    monkeypatch.setattr("stillwatch.ingest.intake.CHUNK_BYTES", 100_000)
    path = lines(*(row(i, prompt_text="x" * 60_000) for i in range(10)))
    assert [b.num_rows for b in ingest(path, limits=Limits(batch_bytes=200_000)).batches()] == [2] * 5
