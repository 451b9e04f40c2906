"""The counting engine gives what the plain one gives, and counts what went through it."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.held import held_bytes
from benchmarks.pages import into_page
from benchmarks.scan_child import Tally, counting_engine, noise_of

from stillwatch.engine import LocalEngine
from stillwatch.sketch import PhraseCounts
from stillwatch.stats.summary import Summary

NUMBERS = pa.schema({"k": pa.int64(), "v": pa.int64()})


def same(data: pa.RecordBatch) -> pa.RecordBatch:
    """What came in."""
    return data


def test_it_works_as_before_and_counts() -> None:
    """All verbs agree with the plain engine; rows and bytes are those of the batches."""
    batches = [pa.record_batch({"k": [1, 2, 1], "v": [1, 2, 3]}), pa.record_batch({"k": [2], "v": [4]})]
    tally = Tally()
    tables = []
    weights = np.ones(1000)
    for kind in (LocalEngine, counting_engine(tally)):
        with kind(threads=1) as engine:
            tally.on_progress("count", 0, 2)
            rows = engine.dataset(batches, NUMBERS)
            mapped = engine.map(rows, lambda batch: batch.slice(0, len(weights)), NUMBERS)
            total = engine.reduce(mapped, lambda: Summary(("k",), ("v",)), lambda s, b: s.add(pa.table(b)))
            grouped = engine.group(mapped, "k", ("v",), same, NUMBERS)
            tables.append((mapped.to_table(), total.table(), grouped.to_table()))
    assert tables[0] == tables[1]
    moved = tally.moved["count"]
    assert moved["map"]["rows_in"] == moved["dataset"]["rows_out"] == moved["group"]["rows_out"] == 4
    assert moved["map"]["in_bytes"] == moved["map"]["out_bytes"] >= 64
    assert moved["map"]["carried_bytes"] == weights.nbytes
    assert moved["group"]["stored_in_bytes"] > 0
    assert moved["reduce"]["state_bytes"] > 0


def test_time_goes_to_the_stage_at_work() -> None:
    """A stage that has ended gets no more."""
    tally = Tally()
    tally.on_progress("one", 0, 1)
    sum(range(200_000))
    tally.on_progress("one", 1, 1)
    after = tally.cpu_s["one"]
    sum(range(200_000))
    tally.finish()
    assert tally.cpu_s["one"] == after > 0
    assert tally.cpu_s["between stages"] > 0


class Holder:
    """Has an array, a name and itself."""

    __slots__ = ("me", "name", "values")

    def __init__(self) -> None:
        self.me, self.name, self.values = self, "four", np.zeros(4, np.uint64)

    def total(self, _: object) -> int:
        """Sum."""
        return int(self.values.sum())


def test_held_bytes_looks_everywhere_once() -> None:
    """Methods, partial functions, containers, tables; a circle ends, a view of the same bytes counts once."""
    holder = Holder()
    assert held_bytes(holder.total) == 32 + 4
    assert held_bytes(partial(max, holder, key=holder.total)) == 32 + 4
    assert held_bytes([holder.values, holder.values[:], pa.table({"a": [1, 2]})]) == 32 + 16
    assert held_bytes(None) == held_bytes(np.float64(1)) == 0


def test_an_empty_counter_has_no_noise() -> None:
    """Nobody sent anything, so every phrase reads zero; one full of ones reads one."""
    counts = PhraseCounts.empty(100)
    assert noise_of(counts, 100)["absent_above_zero"] == 0
    counts.cells[:] = 1
    assert noise_of(counts, 100)["absent_mean"] == 1
    assert noise_of(None) == {}


def test_pages_keep_what_is_outside_the_marks(tmp_path: Path) -> None:
    """Only what stands between the marks of that name changes, as often as it is written."""
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: begin, by hand -->\nold\n<!-- x: end -->\n<!-- y: begin -->\n<!-- y: end -->\nb\n")
    for _ in range(2):
        into_page(page, "x", "new")
    assert page.read_text() == (
        "a\n<!-- x: begin, by hand -->\n\nnew\n\n<!-- x: end -->\n<!-- y: begin -->\n<!-- y: end -->\nb\n"
    )
    with pytest.raises(ValueError, match="no marks 'z"):
        into_page(page, "z", "new")
