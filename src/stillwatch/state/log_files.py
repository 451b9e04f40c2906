"""The log files of a folder: what tells one from another, and when their exchanges were, without reading them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["LogFile", "log_files", "microseconds", "time_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LogFile:
    """A Parquet file as it was when it was listed; whoever writes logs moves whole files into place.

    mark    Name, size and time of the last change: another mark is another file.
    """

    path: Path
    mark: str

    @cached_property
    def span_us(self) -> tuple[int, int] | None:
        """First and last time in it, microseconds since 1970; None for what holds no times, as a table of accounts."""
        try:
            with pq.ParquetFile(self.path) as file:
                return _told(file) or _looked_up(file)
        except (OSError, pa.ArrowException):
            return None


def log_files(folder: Path) -> list[LogFile]:
    """Parquet files of a folder, all the way down, by name; hidden ones and folders of findings are passed over."""
    found = []
    for path in sorted(_parquet(folder)):
        try:
            known = path.stat()
        except FileNotFoundError:
            continue
        name = path.relative_to(folder).as_posix()
        found.append(LogFile(path, f"{name} {known.st_size} {known.st_mtime_ns}"))
    return found


def microseconds(time: datetime) -> int:
    """Since 1970.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (time - _EPOCH) // timedelta(microseconds=1)


def time_of(time_us: int) -> datetime:
    """Inverse of `microseconds`.

    >>> time_of(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return _EPOCH + timedelta(microseconds=time_us)


def _parquet(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir() and not (path / ".stillwatch").exists():
            yield from _parquet(path)
        elif path.suffix == ".parquet" and path.is_file():
            yield path


def _told(file: pq.ParquetFile) -> tuple[int, int] | None:
    """What the statistics of the file say."""
    if "time" not in file.schema_arrow.names:
        return None
    at = file.schema.names.index("time")
    groups = [file.metadata.row_group(i).column(at).statistics for i in range(file.metadata.num_row_groups)]
    known = [time for group in groups if group is not None and group.has_min_max for time in (group.min, group.max)]
    if len(known) < 2 * len(groups) or not known:
        return None
    if not all(isinstance(time, datetime) and time.tzinfo is not None for time in known):
        return None
    return microseconds(min(known)), microseconds(max(known))


def _looked_up(file: pq.ParquetFile) -> tuple[int, int] | None:
    """What the column says."""
    if "time" not in file.schema_arrow.names or not pa.types.is_timestamp(file.schema_arrow.field("time").type):
        return None
    ends = pc.min_max(file.read(["time"])["time"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())).as_py()
    return None if ends["min"] is None else (ends["min"], ends["max"])
