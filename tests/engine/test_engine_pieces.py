"""The pieces the local engine is made of: memory amounts, threads, cutting at group borders."""

import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.engine import sorting
from stillwatch.engine.memory import LEAST_MEMORY_BYTES, parse_memory
from stillwatch.engine.parquet import ParquetDataset, write_parquet
from stillwatch.engine.sorting import whole_groups
from stillwatch.engine.threads import available_cores, fold_on_threads, map_in_order
from stillwatch.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("4GB", 4 * 10**9),
        (" 2 gib ", 2 * 2**30),
        ("0.5TB", 5 * 10**11),
        ("256m", 256 * 10**6),
        ("128000000", 128 * 10**6),
    ],
)
def test_amounts_people_write(text: str, size_bytes: int) -> None:
    """Decimal and binary units, with or without B, any case."""
    assert parse_memory(text) == size_bytes


@pytest.mark.parametrize("text", ["", "GB", "4 apples", "-1GB", "1,5GB", "4GBB", "1e9", "nan"])
def test_other_texts_are_no_amounts(text: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(InvalidInput, match="like 4GB"):
        parse_memory(text)


def test_too_little_memory_is_refused() -> None:
    """The least is part of the message."""
    assert parse_memory(str(LEAST_MEMORY_BYTES)) == LEAST_MEMORY_BYTES
    with pytest.raises(InvalidInput, match="at least 128MB, got '64MB'"):
        parse_memory("64MB")


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 7), st.integers(1, 12))
def test_tables_hold_whole_groups(keys: list[int], batch_rows: int, rows: int) -> None:
    """Together they are the input, no group is split, and a table is no larger than needed."""
    keys = sorted(keys)
    table = pa.table({"k": pa.array(keys, pa.int64())})
    tables = [part["k"].to_pylist() for part in whole_groups(table.to_batches(max_chunksize=batch_rows), "k", rows)]
    assert [k for part in tables for k in part] == keys
    assert sum(len(set(part)) for part in tables) == len(set(keys))
    largest = max((len(list(group)) for _, group in groupby(keys)), default=0)
    assert all(0 < len(part) < max(rows, largest) + batch_rows for part in tables)


def test_one_thread_goes_on_where_several_gave_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows handed over before memory ran out are not handed over again."""
    sort = sorting._sort
    started: list[str] = []

    def fail_with_threads(
        dataset: ParquetDataset, by: tuple[str, ...], rows: int, settings: dict[str, str]
    ) -> Iterator[pa.RecordBatch]:
        started.append(settings["threads"])
        for i, batch in enumerate(sort(dataset, by, rows, settings)):
            if i == 2 and settings["threads"] != "1":
                message = "Out of Memory Error: failed to pin block"
                raise OSError(message)
            yield batch.slice(0, 1_500)
            yield batch.slice(1_500)

    monkeypatch.setattr(sorting, "_sort", fail_with_threads)
    table = pa.table({"k": list(range(20_000, 0, -1))})
    dataset = write_parquet(table.to_batches(), table.schema, tmp_path / "rows.parquet")
    batches = sorting.sorted_batches(
        dataset, ("k",), rows=2_048, memory_bytes=10**9, threads=4, spill=tmp_path / "spill"
    )
    assert [k for batch in batches for k in batch["k"].to_pylist()] == list(range(1, 20_001))
    assert started == ["4", "1"]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_and_few_items_are_in_memory(threads: int) -> None:
    """Later items finish first, yet wait for their turn; reading stops while threads are busy."""
    started: list[int] = []

    def items() -> "list[int]":
        return list(range(20))

    def read() -> "object":
        for i in items():
            started.append(i)
            yield i

    def work(i: int) -> int:
        time.sleep(0.002 * (i % 3 == 0))
        return i

    ahead = []
    results = []
    for result in map_in_order(work, read(), threads):  # type: ignore[arg-type]
        results.append(result)
        ahead.append(len(started) - len(results))
    assert results == items()
    assert max(ahead) <= threads


class Product:
    """Merging is not even associative here, so that any change of order shows."""

    def __init__(self, value: float = 1.0) -> None:
        self.value = value

    def merge(self, other: "Product") -> "Product":
        return Product(self.value * 0.1 + other.value)


def test_folding_is_the_same_in_every_run() -> None:
    """Items are dealt out in turn, not to whoever is free."""

    def fold(product: Product, item: int) -> Product:
        time.sleep(0.001 * (item % 2))
        return Product(product.value * 0.7 + item)

    values = {fold_on_threads(Product, fold, range(40), threads=3).value for _ in range(5)}
    assert len(values) == 1


def test_available_cores_is_positive() -> None:
    """At least the one that runs this."""
    assert available_cores() >= 1
