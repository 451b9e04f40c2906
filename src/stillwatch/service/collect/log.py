"""The open segment: groups of parcels are committed to it, whole or not at all."""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.service.collect.disk import Disk, LogFile
from stillwatch.service.collect.parcel import Outcome, Parcel, joined
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recent import RecentIds, hashes_of
from stillwatch.service.collect.segment import ASIDE, MARKER_BYTES, ROWS, frame, header

__all__ = ["Log", "Sealed"]

_STEM_BYTES = 4


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that nothing is added to any more.

    size_bytes  That were committed; what is behind them was told to nobody.
    keep        Which of its exchanges are no duplicates; None for all.
    """

    stem: str
    size_bytes: int
    keep: NDArray[np.bool_] | None = None


@dataclass(slots=True)
class _Open:
    """The segment that is being written; `size_bytes` are on the disk for good."""

    stem: str
    file: LogFile
    marker: bytes
    begins: int
    size_bytes: int


class Log:
    """Used by one thread.

    number      Of the next segment.
    """

    def __init__(
        self, disk: Disk, places: Places, recent: RecentIds, number: int, opened: Callable[[], datetime]
    ) -> None:
        self._disk, self._places, self._recent = disk, places, recent
        self._number, self._opened = number, opened
        self._open: _Open | None = None

    @property
    def size_bytes(self) -> int:
        """Of the open segment; 0 without one."""
        return self._open.size_bytes if self._open else 0

    def commit(self, parcels: Sequence[Parcel], spare_bytes: int = 0) -> list[Outcome]:
        """Flush all that is new in some parcels to the disk, then remember its ids.

        A retry that arrives while its first attempt still waits is a later row of the same group or of a later one, so
        whatever is called a duplicate is on the disk already.

        spare_bytes     Disk that must stay free.
        Raises          OSError: nothing of the parcels is kept, and the segment should be sealed.
        """
        rows = joined([parcel.rows for parcel in parcels], parcels[0].rows)
        aside = joined([parcel.aside for parcel in parcels], parcels[0].aside)
        hashes = hashes_of(rows.column(0))
        is_new = self._recent.fresh(hashes)
        fresh = rows if is_new.all() else rows.filter(pa.array(is_new))
        frames = [(kind, batch) for kind, batch in ((ROWS, fresh), (ASIDE, aside)) if batch.num_rows]
        if frames:
            self._write(frames, spare_bytes)
            self._recent.add(hashes[is_new])
        return _outcomes(parcels, is_new)

    def seal(self) -> Sealed | None:
        """Close the open segment; None when there is nothing in it."""
        closed, self._open = self._open, None
        if closed is None:
            return None
        with contextlib.suppress(OSError):  # all that was told is flushed: what a close says changes nothing
            closed.file.close()
        if closed.size_bytes > closed.begins:
            return Sealed(closed.stem, closed.size_bytes)
        with contextlib.suppress(OSError):  # the next start removes it
            self._disk.remove(self._places.segment(closed.stem))
        return None

    def _write(self, frames: Sequence[tuple[bytes, pa.RecordBatch]], spare_bytes: int) -> None:
        if self._open is None:
            self._open = self._created()
        data = b"".join(frame(self._open.marker, kind, batch) for kind, batch in frames)
        if spare_bytes and self._disk.free_bytes(self._places.segments) < spare_bytes + len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            self._open.file.append(data)
            self._open.file.sync()
        except OSError:
            # After a flush that failed the system may call the pages clean: they are cut off, not flushed again.
            with contextlib.suppress(OSError):
                self._open.file.truncate(self._open.size_bytes)
            raise
        self._open.size_bytes += len(data)

    def _created(self) -> _Open:
        marker = secrets.token_bytes(MARKER_BYTES)
        stem = f"{self._number:010d}-{marker[:_STEM_BYTES].hex()}"
        path = self._places.segment(stem)
        file = self._disk.create(path)
        begin = header(marker, self._opened())
        try:
            # Flushed before anything follows: a header that is damaged in a longer file was damaged later.
            file.append(begin)
            file.sync()
        except OSError:
            file.close()
            with contextlib.suppress(OSError):
                self._disk.remove(path)
            raise
        self._number += 1
        return _Open(stem, file, marker, len(begin), len(begin))


def _outcomes(parcels: Sequence[Parcel], is_new: NDArray[np.bool_]) -> list[Outcome]:
    ends = np.cumsum([parcel.rows.num_rows for parcel in parcels])
    outcomes = []
    for parcel, marks in zip(parcels, np.split(is_new, ends[:-1]), strict=True):
        n_new = int(np.count_nonzero(marks))
        outcomes.append(Outcome(n_new, len(marks) - n_new, parcel.aside.num_rows, is_new=marks))
    return outcomes
