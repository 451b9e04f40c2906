"""Many files of an hour become few: whatever stops it, every exchange can be read at every moment, and stands once."""

import errno
import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.memory_disk import MemoryDisk, PowerCut
from tests.service.collect.rows import parcel

from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.compaction import Compactor
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.keeping import remove_old
from stillwatch.service.collect.places import HOUR_S, Places

PLACES = Places(Path("folder"))
HOUR = 500_000
OVER = (HOUR + 1) * HOUR_S + 900.0
PLENTY = 1 << 40
BOUNDS = Bounds(linger_s=100.0)


def file_of(*names: str, hour: int = HOUR) -> bytes:
    """Exchanges as the collector writes them."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_batches([parcel(*names, at=hour * HOUR_S + 1.0).rows]), sink)
    return sink.getvalue()


def part(number: int, hour: int = HOUR) -> Path:
    """Where the exchanges of a segment lie."""
    return PLACES.exchanges_of(f"{number:010d}-{number:08x}", hour)


def disk_of(n: int, hour: int = HOUR) -> MemoryDisk:
    """An hour of so many files with two exchanges each."""
    disk = MemoryDisk(random.Random(n))  # noqa: S311 - a test's
    for i in range(n):
        disk.install(part(i, hour), file_of(f"{i}a", f"{i}b", hour=hour))
    return disk


def names_on(disk: MemoryDisk) -> list[str]:
    """Ids in all files; each file has the schema."""
    found: list[str] = []
    for path, data in sorted(disk.files.items()):
        if PLACES.traffic in path.parents:
            table = pq.ParquetFile(io.BytesIO(data)).read()
            assert table.schema.equals(EXCHANGE, check_metadata=True)
            found += table["exchange_id"].to_pylist()
    return found


def files_on(disk: MemoryDisk) -> list[str]:
    """Names of the files by hour."""
    return sorted(path.name for path in disk.files if PLACES.traffic in path.parents)


class Steady:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def worked(disk: MemoryDisk, bounds: Bounds = BOUNDS) -> None:
    """Work until nothing is left to do."""
    steady = Steady()
    compactor = Compactor(disk, PLACES, bounds, steady)
    for _ in range(100):
        is_more = compactor.step(OVER, PLENTY)
        if not is_more and not disk.names(PLACES.plans):
            return
        steady.now += bounds.linger_s
    pytest.fail("it never ends")


def test_many_become_one() -> None:
    """All files of an hour that is over become one, in their order, with the same rows."""
    disk = disk_of(12)
    before = names_on(disk)
    worked(disk)
    (name,) = files_on(disk)
    assert name.startswith("whole-")
    assert names_on(disk) == before
    assert not disk.names(PLACES.plans)


def test_parts_stay_for_whoever_reads_them() -> None:
    """Whole and parts stand side by side for a while, and a new start begins the while again."""
    disk, steady = disk_of(4), Steady()
    compactor = Compactor(disk, PLACES, BOUNDS, steady)
    assert compactor.step(OVER, PLENTY)
    steady.now = BOUNDS.linger_s - 1
    assert not compactor.step(OVER, PLENTY)
    assert len(files_on(disk)) == 5
    again = Compactor(disk, PLACES, BOUNDS, steady)
    again.step(OVER, PLENTY)
    steady.now = BOUNDS.linger_s + 1
    again.step(OVER, PLENTY)
    assert len(files_on(disk)) == 5
    compactor.step(OVER, PLENTY)
    assert len(files_on(disk)) == 1


def test_hours_that_are_not_over() -> None:
    """An hour is left alone until some time after its end; few files are not worth it."""
    disk = disk_of(6)
    assert not Compactor(disk, PLACES, BOUNDS).step(OVER - 1, PLENTY)
    assert not Compactor(disk_of(3), PLACES, BOUNDS).step(OVER, PLENTY)
    assert Compactor(disk, PLACES, BOUNDS).step(OVER, PLENTY)


def test_files_that_a_crash_may_write_again() -> None:
    """Files of a segment that is not wholly written by hour stay: it is written again after a crash."""
    disk = disk_of(6)
    disk.install(PLACES.segment(part(2).stem), b"segment")
    worked(disk)
    assert part(2).name in files_on(disk)
    assert len(files_on(disk)) == 2
    disk.install(part(2), file_of("2a", "2b"))
    assert sorted(names_on(disk)) == sorted(f"{i}{x}" for i in range(6) for x in "ab")


def test_files_of_others() -> None:
    """What is damaged, of a newer version, or not the collector's stays as it is; the others become one."""
    disk = disk_of(8)
    newer = pq.read_table(io.BytesIO(file_of("new"))).append_column("later", pa.array(["x"]))
    sink = io.BytesIO()
    pq.write_table(newer, sink)
    kept = {part(1): b"damaged", part(2): sink.getvalue(), part(0).with_name("mine.parquet"): file_of("mine")}
    for path, data in kept.items():
        disk.install(path, data)
    steady = Steady()
    compactor = Compactor(disk, PLACES, BOUNDS, steady)
    for _ in range(6):
        compactor.step(OVER, PLENTY)
        steady.now += BOUNDS.linger_s
    assert {path: disk.files[path] for path in kept} == kept
    assert len(files_on(disk)) == 4


def test_a_version_before() -> None:
    """Files without a column that came later get it, empty."""
    disk = disk_of(4)
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(file_of("0a", "0b"))).drop_columns(["cost_usd"]), sink)
    disk.install(part(0), sink.getvalue())
    worked(disk)
    assert len(files_on(disk)) == 1
    assert len(names_on(disk)) == 8


def test_twice_is_once() -> None:
    """An exchange that stands in two files, as a plan that was lost may leave it, stands once in the whole."""
    disk = disk_of(4)
    disk.install(part(9), file_of("0a", "new"))
    worked(disk)
    assert sorted(names_on(disk)) == sorted(["new", *(f"{i}{x}" for i in range(4) for x in "ab")])


def test_late_exchanges_do_not_have_a_large_file_written_again() -> None:
    """Late files become one of their own; a whole of another size is only joined when they have grown."""
    disk = disk_of(4)
    large = PLACES.exchanges_of("x", HOUR).with_name("whole-0123456789abcdef.parquet")
    disk.install(large, file_of("large") + bytes(0))
    disk.size = lambda path: 50 << 20 if path == large else len(disk.files[path])  # type: ignore[method-assign]
    worked(disk)
    assert large.name in files_on(disk)
    assert len(files_on(disk)) == 2


@pytest.mark.parametrize("why", ["disk", "budget"])
def test_no_room(why: str) -> None:
    """With too little disk, or too little of what exchanges may take, nothing is done."""
    disk = disk_of(6)
    used = sum(map(len, disk.files.values()))
    disk.free = BOUNDS.spare_bytes + used if why == "disk" else PLENTY
    compactor = Compactor(disk, PLACES, BOUNDS)
    assert not compactor.step(OVER, PLENTY if why == "disk" else 2 * used - 1)
    assert len(files_on(disk)) == 6
    disk.free = PLENTY
    assert compactor.step(OVER, 2 * used)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(20, 200))
def test_a_group_fits(sizes: list[int], most: int) -> None:
    """What becomes one is at most as large as allowed, and no piece of work does more than one group."""
    disk = disk_of(len(sizes))
    told = {part(i): size << 20 for i, size in enumerate(sizes)}
    disk.size = lambda path: told.get(path, 0)  # type: ignore[method-assign]
    Compactor(disk, PLACES, replace(BOUNDS, whole_bytes=most << 20)).step(OVER, PLENTY)
    plans = [json.loads(data) for path, data in disk.files.items() if path.parent == PLACES.plans]
    assert len(plans) <= 1
    for plan in plans:
        group = [told[part(0).with_name(name)] for name in plan["parts"]]
        assert len(group) >= 4
        assert sum(group) <= most << 20


def n_steps() -> int:
    """What is done to the disk when nothing happens."""
    disk = disk_of(5)
    before = disk.n
    worked(disk)
    return disk.n - before


STEPS = n_steps()
ALL = sorted(f"{i}{x}" for i in range(5) for x in "ab")


def stopped_at(disk: MemoryDisk, at: int, error: Callable[[], BaseException]) -> None:
    """Have one step fail; at every step before, and after it, all exchanges can be read."""
    first = disk.n

    def before(n: int, _name: str) -> None:
        assert set(names_on(disk)) == set(ALL)
        if n - first == at:
            raise error()

    disk.before = before


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_power_is_cut_at_every_step(at: int) -> None:
    """Cut at any step, everything can be read, and the next start ends with every exchange once."""
    disk = disk_of(5)
    stopped_at(disk, at, PowerCut)
    with pytest.raises(PowerCut):
        worked(disk)
    disk.cut_power()
    assert set(names_on(disk)) == set(ALL)
    worked(disk)
    assert sorted(names_on(disk)) == ALL
    assert len(files_on(disk)) <= 3
    assert not disk.names(PLACES.plans)


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_the_disk_fails_at_every_step(at: int) -> None:
    """What the disk refuses at any step is done later."""
    disk = disk_of(5)
    stopped_at(disk, at, lambda: OSError(errno.EIO, "failed"))
    steady = Steady()
    compactor = Compactor(disk, PLACES, BOUNDS, steady)
    for _ in range(9):
        try:
            compactor.step(OVER, PLENTY)
        except OSError:
            continue
        finally:
            steady.now += BOUNDS.linger_s
    assert sorted(names_on(disk)) == ALL
    assert not disk.names(PLACES.plans)


def test_a_step_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole that loses a part is noticed by these checks: they can fail."""
    real = Compactor._batches
    monkeypatch.setattr(Compactor, "_batches", lambda self, hour, parts: real(self, hour, parts[1:]))
    disk = disk_of(5)
    stopped_at(disk, 0, PowerCut)
    with pytest.raises(AssertionError):
        worked(disk)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"begins": 1, "whole": "../x", "parts": []}'])
def test_a_damaged_plan(data: bytes) -> None:
    """A plan that says nothing, or names a file elsewhere, is removed and nothing else."""
    disk = disk_of(3)
    disk.install(PLACES.plans / "000000000001-whole.json", data)
    Compactor(disk, PLACES, BOUNDS).step(OVER, PLENTY)
    assert sorted(names_on(disk)) == sorted(f"{i}{x}" for i in range(3) for x in "ab")
    assert not disk.names(PLACES.plans)


def test_an_hour_that_is_removed_meanwhile() -> None:
    """Old hours go with whole and parts, and a plan for them ends."""
    disk = disk_of(5)
    disk.install(part(99, HOUR + 100), file_of("newest", hour=HOUR + 100))
    compactor = Compactor(disk, PLACES, BOUNDS)
    compactor.step(OVER, PLENTY)
    assert disk.names(PLACES.plans)
    remove_old(disk, PLACES, 1, PLENTY, OVER + 200 * HOUR_S)
    assert names_on(disk) == ["newest"]
    compactor.step(OVER, PLENTY)
    assert not disk.names(PLACES.plans)
    assert names_on(disk) == ["newest"]


def test_a_new_service_has_nothing_to_do(tmp_path: Path) -> None:
    """Before the first exchange there is not even a folder of segments, and that is no fault of the disk's."""
    assert not Compactor(PosixDisk(), Places(tmp_path / "new"), BOUNDS).step(OVER, PLENTY)
