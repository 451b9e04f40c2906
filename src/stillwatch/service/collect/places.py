"""Where everything of a collector lies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["HOUR_S", "Places", "locked"]

HOUR_S: Final = 3600
_MARKER: Final = ".stillwatch"


@dataclass(frozen=True, slots=True)
class Places:
    """Paths under the service's folder; a stem is the name of a segment without what comes after the dot."""

    folder: Path

    @property
    def traffic(self) -> Path:
        """Exchanges by hour: what is scanned."""
        return self.folder / "traffic"

    @property
    def quarantine(self) -> Path:
        """Rows put aside, by day."""
        return self.folder / "quarantine"

    @property
    def segments(self) -> Path:
        """Segments."""
        return self.folder / "collector" / "segments"

    @property
    def ids(self) -> Path:
        """Hashes of ids."""
        return self.folder / "collector" / "ids"

    @property
    def plans(self) -> Path:
        """Which files of an hour are to become one."""
        return self.folder / "collector" / "plans"

    def segment(self, stem: str) -> Path:
        """A segment."""
        return self.segments / f"{stem}.wal"

    def ids_of(self, stem: str) -> Path:
        """Hashes of the ids of a segment."""
        return self.ids / f"{stem}.ids"

    def exchanges_of(self, stem: str, hour: int) -> Path:
        """Exchanges of a segment in one hour since 1970.

        >>> Places(Path("f")).exchanges_of("0000000001-aa", 490_897).as_posix()
        'f/traffic/date=2026-01-01/hour=01/0000000001-aa.parquet'
        """
        moment = datetime.fromtimestamp(hour * HOUR_S, UTC)
        return self.traffic / f"date={moment:%Y-%m-%d}" / f"hour={moment:%H}" / f"{stem}.parquet"

    def aside_of(self, stem: str, opened: datetime) -> Path:
        """Rows put aside of a segment."""
        return self.quarantine / f"date={opened:%Y-%m-%d}" / f"{stem}.parquet"


@contextlib.contextmanager
def locked(places: Places) -> Iterator[None]:
    """Be the only process that writes there.

    Folders that hold no exchanges are marked as stillwatch's own, so that a scan of the whole folder reads the traffic.

    Raises  InvalidInput when another process does; UnreadableSource when the folder cannot be used.
    """
    lock = places.folder / "collector" / "lock"
    try:
        for own in (lock.parent, places.quarantine):
            own.mkdir(parents=True, exist_ok=True, mode=0o700)
            (own / _MARKER).touch()
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"the folder {places.folder} cannot be used: {error.strerror}"
        raise UnreadableSource(message) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"another collector writes to {places.folder}; stop it first"
            raise InvalidInput(message) from error
        yield
    finally:
        os.close(fd)
