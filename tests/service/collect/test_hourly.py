"""Segments by hour: what is in which file."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.memory_disk import MemoryDisk
from tests.service.collect.rows import parcel

from stillwatch.errors import UnreadableSource
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.hourly import ids_in_file, read_ids, write_by_hour
from stillwatch.service.collect.log import Log, Sealed
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recent import RecentIds, hashes_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sealed_in(disk: MemoryDisk | PosixDisk, places: Places, times_s: list[float]) -> Sealed:
    """A segment of exchanges at so many seconds after noon."""
    log = Log(disk, places, RecentIds(1000), 1, lambda: NOON)
    for i, second in enumerate(times_s):
        log.commit([parcel(f"{i}", at=NOON.timestamp() + second)])
    sealed = log.seal()
    assert sealed is not None
    return sealed


@given(st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=20))
def test_each_exchange_lies_in_its_hour(times_s: list[int]) -> None:
    """Folders name the day and the hour of each exchange in UTC; within a file they are in time order."""
    disk, places = MemoryDisk(random.Random(0)), Places(Path("f"))  # noqa: S311 - a test's
    write_by_hour(disk, places, sealed_in(disk, places, [float(t) for t in times_s]))
    found = 0
    for path, data in disk.files.items():
        if places.traffic in path.parents:
            times = pq.read_table(pa.BufferReader(data))["time"].to_pylist()
            assert {f"date={t:%Y-%m-%d}/hour={t:%H}" for t in times} == {
                path.parent.relative_to("f/traffic").as_posix()
            }
            assert times == sorted(times)
            found += len(times)
    assert found == len(times_s)


def test_before_and_after_a_change_of_hour(tmp_path: Path) -> None:
    """The last microsecond of an hour and the first of the next lie in two files of one segment."""
    places = Places(tmp_path)
    sealed = sealed_in(PosixDisk(), places, [3599.999999, 3600.0])
    write_by_hour(PosixDisk(), places, sealed)
    names = [path.relative_to(places.traffic).as_posix() for path in sorted(places.traffic.rglob("*.parquet"))]
    assert names == [f"date=2026-03-01/hour={hour}/{sealed.stem}.parquet" for hour in (12, 13)]


def test_again_gives_the_same_files() -> None:
    """After a crash the work is done once more and overwrites itself, byte for byte."""
    disk, places = MemoryDisk(random.Random(0)), Places(Path("f"))  # noqa: S311 - a test's
    sealed = sealed_in(disk, places, [0.0, 7200.0, 60.0])
    segment = disk.files[places.segment(sealed.stem)]
    write_by_hour(disk, places, sealed)
    once = dict(disk.files)
    disk.files[places.segment(sealed.stem)] = disk.flushed[places.segment(sealed.stem)] = segment
    write_by_hour(disk, places, sealed)
    assert disk.files == once


def test_duplicates_are_left_out_and_ids_kept(tmp_path: Path) -> None:
    """Only what is to be kept is written, with the hashes of just these ids."""
    places, disk = Places(tmp_path), PosixDisk()
    sealed = sealed_in(disk, places, [0.0, 1.0, 2.0])
    write_by_hour(disk, places, Sealed(sealed.stem, sealed.size_bytes, np.array([True, False, True])))
    (path,) = places.traffic.rglob("*.parquet")
    read = pq.ParquetFile(path).read()
    assert read.schema.equals(EXCHANGE, check_metadata=True)
    assert read["exchange_id"].to_pylist() == ["0", "2"]
    data = places.ids_of(sealed.stem).read_bytes()
    assert read_ids(data, "x").tolist() == hashes_of(pa.array(["0", "2"])).tolist()
    assert ids_in_file(len(data)) == 2


def test_what_nobody_was_told_of_is_not_written(tmp_path: Path) -> None:
    """Bytes behind what was committed, left when a failed write could not be cut off, are not looked at."""
    places, disk = Places(tmp_path), PosixDisk()
    one, two = parcel("one", at=NOON.timestamp()), parcel("two", at=NOON.timestamp())
    log = Log(disk, places, RecentIds(10), 1, lambda: NOON)
    log.commit([one])
    size = log.size_bytes
    log.commit([two])
    sealed = log.seal()
    assert sealed is not None
    write_by_hour(disk, places, Sealed(sealed.stem, size))
    (path,) = places.traffic.rglob("*.parquet")
    assert pq.ParquetFile(path).read()["exchange_id"].to_pylist() == ["one"]


@given(st.binary(max_size=80))
def test_damaged_ids_are_refused(data: bytes) -> None:
    """Bytes that are no file of ids are not taken for one."""
    with pytest.raises(UnreadableSource, match="ids of the segment s are damaged"):
        read_ids(data, "s")


def test_rows_put_aside_lie_in_the_day_of_their_arrival(tmp_path: Path) -> None:
    """The day is that of the segment."""
    places, disk = Places(tmp_path), PosixDisk()
    log = Log(disk, places, RecentIds(10), 1, lambda: NOON + timedelta(days=3))
    log.commit([parcel(n_aside=3)])
    sealed = log.seal()
    assert sealed is not None
    write_by_hour(disk, places, sealed)
    (path,) = places.quarantine.rglob("*.parquet")
    assert path.parent.name == "date=2026-03-04"
    assert pq.read_metadata(path).num_rows == 3
