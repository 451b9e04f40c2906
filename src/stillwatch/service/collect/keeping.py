"""How long exchanges are kept: days, and a budget of disk that takes the oldest hours first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stillwatch.service.collect.disk import Disk
from stillwatch.service.collect.places import HOUR_S, Places

__all__ = ["Hour", "Kept", "hours_of", "remove_old"]

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there.

    n_removed   Files that were removed.
    size_bytes  That are left.
    oldest      Beginning of the oldest hour that is left, None without any.
    """

    n_removed: int
    size_bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Hour:
    """A folder of files; `begins` in seconds since 1970."""

    begins: int
    folder: Path
    files: tuple[tuple[Path, int], ...]

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(size for _, size in self.files)


def remove_old(disk: Disk, places: Places, keep_days: int, most_bytes: int, now: float) -> Kept:
    """Remove hours of which all is older than `keep_days`, then the oldest until the rest fits; never the newest.

    Age counts from now or from the newest hour, whichever is earlier: a clock that has jumped ahead removes nothing.

    now     Seconds since 1970, the earliest that it may be.
    Raises  OSError.
    """
    hours = sorted(hours_of(disk, places), key=lambda hour: hour.begins)
    newest = hours[-1].begins + HOUR_S if hours else now
    bar = min(now, newest) - keep_days * _DAY_S
    left = sum(hour.size_bytes for hour in hours)
    n_removed, kept = 0, hours
    while len(kept) > 1 and (kept[0].begins + HOUR_S <= bar or left > most_bytes):
        n_removed += _removed(disk, kept[0])
        left -= kept[0].size_bytes
        kept = kept[1:]
    n_removed += _remove_days(disk, places.quarantine, bar)
    return Kept(n_removed, left, datetime.fromtimestamp(kept[0].begins, UTC) if kept else None)


def hours_of(disk: Disk, places: Places) -> Iterator[Hour]:
    """Hours that are there, in no order.

    Raises  OSError.
    """
    for day, day_s in _days(disk, places.traffic):
        for name in disk.names(day):
            hour = name.removeprefix("hour=")
            if name.startswith("hour=") and hour.isdecimal():
                folder = day / name
                yield Hour(day_s + int(hour) * HOUR_S, folder, _files(disk, folder))


def _days(disk: Disk, folder: Path) -> Iterator[tuple[Path, int]]:
    for name in disk.names(folder):
        if name.startswith("date="):
            try:
                day = datetime.strptime(name, "date=%Y-%m-%d").replace(tzinfo=UTC)
            except ValueError:
                continue
            yield folder / name, int(day.timestamp())


def _files(disk: Disk, folder: Path) -> tuple[tuple[Path, int], ...]:
    return tuple((folder / name, disk.size(folder / name)) for name in disk.names(folder))


def _removed(disk: Disk, hour: Hour) -> int:
    for path, _ in hour.files:
        disk.remove(path)
    disk.remove_folder(hour.folder)
    disk.remove_folder(hour.folder.parent)
    return len(hour.files)


def _remove_days(disk: Disk, folder: Path, bar: float) -> int:
    n = 0
    for day, day_s in _days(disk, folder):
        if day_s + _DAY_S <= bar:
            for path, _ in _files(disk, day):
                disk.remove(path)
                n += 1
            disk.remove_folder(day)
    return n
