"""What is removed: old hours, and the oldest when there is too much; never because a clock has jumped."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.memory_disk import MemoryDisk

from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.keeping import remove_old
from stillwatch.service.collect.places import HOUR_S, Places

PLACES = Places(Path("folder"))
HOUR0 = 1_800_000_000 // HOUR_S
PLENTY = 1 << 40
Files = list[tuple[int, int]]


def disk_of(files: Iterable[tuple[int, int]]) -> MemoryDisk:
    """A disk with files of so many bytes in hours after the first."""
    disk = MemoryDisk(random.Random(0))  # noqa: S311 - a test's
    for i, (hour, size) in enumerate(files):
        disk.install(PLACES.exchanges_of(f"{i:010d}-aa", HOUR0 + hour), bytes(size))
    return disk


def hours_on(disk: MemoryDisk) -> set[int]:
    """Hours that have files, after the first."""
    return {hour for hour in range(-9000, 9000) if PLACES.exchanges_of("x", HOUR0 + hour).parent in parents(disk)}


def parents(disk: MemoryDisk) -> set[Path]:
    """Folders of files."""
    return {path.parent for path in disk.files}


FILES = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50)), min_size=1, max_size=30)


@given(FILES, st.integers(1, 5), st.integers(1, 600))
def test_what_is_left(files: Files, keep_days: int, most_bytes: int) -> None:
    """The rest is a suffix of the hours, nothing in it is too old, and it fits or is one hour."""
    disk, now = disk_of(files), (HOUR0 + 201) * HOUR_S
    kept = remove_old(disk, PLACES, keep_days, most_bytes, now)
    hours = {hour for hour, _ in files}
    left = hours_on(disk)
    newest = max(hours)
    assert newest in left
    assert left == {hour for hour in hours if hour >= min(left)}
    assert all(hour + 1 > newest + 1 - 24 * keep_days for hour in left - {newest})
    assert kept.size_bytes == sum(size for hour, size in files if hour in left)
    assert kept.size_bytes <= most_bytes or len(left) == 1
    gone = hours - left
    if gone:  # no more than was needed
        back = sum(size for hour, size in files if hour >= max(gone))
        assert max(gone) + 1 <= newest + 1 - 24 * keep_days or back > most_bytes
    assert kept.n_removed == sum(hour in gone for hour, _ in files)
    assert kept.oldest == datetime.fromtimestamp((HOUR0 + min(left)) * HOUR_S, UTC)


def test_a_clock_that_has_jumped_ahead_removes_nothing() -> None:
    """Ten years later by the clock, all of the last days is still there."""
    disk = disk_of([(0, 1), (20, 1), (40, 1)])
    remove_old(disk, PLACES, 30, PLENTY, HOUR0 * HOUR_S + 3.2e8)
    assert hours_on(disk) == {0, 20, 40}


def test_a_clock_that_has_jumped_back_removes_nothing() -> None:
    """Ten years earlier by the clock, nothing is too old."""
    disk = disk_of([(0, 1), (40 * 24, 1)])
    remove_old(disk, PLACES, 30, PLENTY, HOUR0 * HOUR_S - 3.2e8)
    assert hours_on(disk) == {0, 40 * 24}


def test_nothing_there() -> None:
    """An empty folder is no error."""
    assert remove_old(disk_of([]), PLACES, 1, 1, 0.0).oldest is None


def test_on_a_real_disk(tmp_path: Path) -> None:
    """Files, their hours and days are gone, rows put aside with them, and what is not ours is left alone."""
    places, disk = Places(tmp_path), PosixDisk()
    old, new = places.exchanges_of("a", HOUR0), places.exchanges_of("b", HOUR0 + 24 * 40)
    first_day = datetime.fromtimestamp(HOUR0 * HOUR_S, UTC)
    aside = [places.aside_of("a", first_day), places.aside_of("b", first_day + timedelta(days=40))]
    strange = places.traffic / "date=of-birth" / "x"
    for path in (old, new, *aside, strange):
        disk.install(path, b"x")
    kept = remove_old(disk, places, 30, PLENTY, (HOUR0 + 24 * 40) * HOUR_S)
    assert kept.n_removed == 2
    assert [path.exists() for path in (old, new, *aside, strange)] == [False, True, False, True, True]
    assert not old.parent.parent.exists()


@pytest.mark.parametrize("name", ["date=2026-13-01", "date=", "other"])
def test_other_folders_are_not_looked_at(tmp_path: Path, name: str) -> None:
    """Folders with names of another kind do not stop the rest."""
    (tmp_path / "traffic" / name / "hour=xx").mkdir(parents=True)
    assert remove_old(PosixDisk(), Places(tmp_path), 1, 1, 0.0).n_removed == 0
