"""What a start finds: segments that were not yet written by hour, and the ids of those that were."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from stillwatch.errors import UnreadableSource
from stillwatch.service.collect.disk import Disk
from stillwatch.service.collect.hourly import ids_in_file, read_ids
from stillwatch.service.collect.log import Sealed
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recent import RecentIds, hashes_of
from stillwatch.service.collect.segment import MARKER_BYTES, Segment, header, read_segment

__all__ = ["Found", "forget_ids", "recover"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_HEADER_BYTES: Final = len(header(bytes(MARKER_BYTES), datetime.fromtimestamp(0, UTC)))
"""Up to this size nothing was committed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a start goes on from.

    number          Of the next segment.
    left            Segments to be written by hour, in order.
    damaged_bytes   In them; the end of a write that was cut short is counted too.
    """

    number: int
    left: tuple[Sealed, ...]
    damaged_bytes: int


def recover(disk: Disk, places: Places, recent: RecentIds, most_ids: int) -> Found:
    """Look at what is there and remember its ids, in the order in which it was written.

    An exchange that was committed, told to nobody and sent again stands in two segments: the first one counts.

    Raises  OSError when the disk cannot be read.
    """
    rolled = [name.removesuffix(".ids") for name in disk.names(places.ids) if name.endswith(".ids")]
    found = [name.removesuffix(".wal") for name in disk.names(places.segments) if name.endswith(".wal")]
    for stem in _last(disk, places, rolled, most_ids):
        _remember(disk, places, stem, recent)
    left: list[Sealed] = []
    damaged = 0
    for stem in found:
        if stem in rolled:
            disk.remove(places.segment(stem))
            continue
        data = disk.read(places.segment(stem))
        segment = _readable(disk, places, stem, data)
        if segment is None:
            continue
        if not segment.rows.num_rows and not segment.aside.num_rows:
            disk.remove(places.segment(stem))
            continue
        hashes = np.concatenate([hashes_of(chunk) for chunk in segment.rows["exchange_id"].chunks] or [_nothing()])
        keep = recent.fresh(hashes)
        recent.add(hashes[keep])
        left.append(Sealed(stem, len(data), keep))
        damaged += segment.damaged_bytes
    numbers = [int(stem.partition("-")[0]) for stem in (*rolled, *found) if stem.partition("-")[0].isdecimal()]
    return Found(max(numbers, default=0) + 1, tuple(left), damaged)


def forget_ids(disk: Disk, places: Places, most_ids: int) -> None:
    """Remove the hashes of ids that are too old to be remembered.

    Raises  OSError.
    """
    stems = [name.removesuffix(".ids") for name in disk.names(places.ids) if name.endswith(".ids")]
    kept = set(_last(disk, places, stems, most_ids))
    for stem in stems:
        if stem not in kept:
            disk.remove(places.ids_of(stem))


def _last(disk: Disk, places: Places, stems: list[str], most_ids: int) -> list[str]:
    """The newest files that hold `most_ids` together, the newest of all in any case, in order."""
    kept: list[str] = []
    n = 0
    for stem in reversed(stems):
        if n >= most_ids:
            break
        kept.append(stem)
        n += max(1, ids_in_file(disk.size(places.ids_of(stem))))
    return kept[::-1]


def _remember(disk: Disk, places: Places, stem: str, recent: RecentIds) -> None:
    try:
        hashes = read_ids(disk.read(places.ids_of(stem)), stem)
    except UnreadableSource as error:
        _LOG.warning("%s: exchanges of it that are sent again will be kept again", error)
        return
    recent.add(hashes[recent.fresh(hashes)])


def _readable(disk: Disk, places: Places, stem: str, data: bytes) -> Segment | None:
    """The segment; without a header nothing was committed, and one that is damaged is left for a person to look at."""
    try:
        return read_segment(data, stem)
    except UnreadableSource as error:
        if len(data) <= _HEADER_BYTES or not any(data):
            disk.remove(places.segment(stem))
        else:
            _LOG.error("%s; it is left where it is", error)
        return None


def _nothing() -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    return np.empty((0, 2), np.uint64)
