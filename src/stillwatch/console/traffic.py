"""How much was collected in each hour, from the heads of the files alone."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["HOURS", "Hours"]

HOURS: Final = 48
_MOST_KEPT: Final = 20_000


class Hours:
    """Rows by hour of a collector's folder; files that were counted are not opened again. Safe under threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, int], int] = OrderedDict()

    def last(self, now: datetime, hours: int = HOURS) -> Sequence[tuple[datetime, int]]:
        """Start and exchanges of the hours until now, in order; those without any, too."""
        first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
        with self._lock:
            return [(start, self._rows(start)) for start in (first + timedelta(hours=i) for i in range(hours))]

    def _rows(self, start: datetime) -> int:
        folder = self._folder / f"date={start:%Y-%m-%d}" / f"hour={start:%H}"
        try:
            return sum(self._rows_in(path) for path in folder.glob("*.parquet"))
        except OSError:
            return 0

    def _rows_in(self, path: Path) -> int:
        try:
            told = path.stat()
            mark = (str(path), told.st_size, told.st_mtime_ns)
            if mark not in self._known:
                self._known[mark] = pq.read_metadata(path).num_rows
                while len(self._known) > _MOST_KEPT:
                    self._known.popitem(last=False)
            return self._known[mark]
        except (OSError, pa.ArrowException):
            return 0  # it became part of a larger file meanwhile
