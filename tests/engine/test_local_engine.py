"""What is particular to the engine of one machine."""

from pathlib import Path

import pyarrow as pa
import pytest

from stillwatch.engine import LocalEngine
from stillwatch.errors import InvalidInput, OutOfMemory


def test_sort_without_room_says_the_next_step(tmp_path: Path) -> None:
    """One value larger than the whole limit cannot be sorted."""
    schema = pa.schema([("key", pa.int64()), ("text", pa.string())])
    rows = pa.table({"key": [2, 1, 0], "text": ["x" * 120_000_000, "y" * 120_000_000, "z"]}, schema=schema)
    with LocalEngine(tmp_path, "128MB", 1) as engine:
        data = engine.dataset(rows.to_batches(), schema)
        with pytest.raises(OutOfMemory, match=r"128MB.*raise the memory limit") as caught:
            engine.group(data, "key", (), lambda table: table, schema)
        assert "Out of Memory" in str(caught.value.__cause__)


@pytest.mark.parametrize("option", ["threads", "batch_rows", "group_rows"])
def test_counts_below_one_are_refused(tmp_path: Path, option: str) -> None:
    """The message names option and value."""
    with pytest.raises(InvalidInput, match=f"{option} must be at least 1, got 0"):
        LocalEngine(tmp_path, **{option: 0})  # type: ignore[arg-type]


def test_large_rows_come_in_small_batches(tmp_path: Path) -> None:
    """Batches are bounded by bytes, not only by rows."""
    schema = pa.schema([("text", pa.string())])
    rows = pa.table({"text": ["x" * 1_000_000] * 64}, schema=schema)
    seen: list[int] = []

    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        seen.append(batch.num_rows)
        return batch

    with LocalEngine(tmp_path, "128MB", 2) as engine:
        engine.map(engine.dataset(rows.to_batches(), schema), look, schema)
    assert sum(seen) == 64
    assert max(seen) * 1_000_000 <= 128_000_000 / 4 / 4


def test_foreign_data_sets_are_refused(tmp_path: Path) -> None:
    """Only Parquet data sets can be read here."""

    class Foreign:
        schema = pa.schema([("a", pa.int64())])

        def count(self) -> int:
            return 0

        def select(self, columns: list[str]) -> "Foreign":
            assert columns
            return self

        def to_table(self, columns: list[str] | None = None) -> pa.Table:
            assert columns
            return self.schema.empty_table()

    with LocalEngine(tmp_path) as engine, pytest.raises(InvalidInput, match="Foreign"):
        engine.map(Foreign(), lambda batch: batch, Foreign.schema)
