"""A sealed segment becomes Parquet by hour: doing it again gives the same files."""

import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import UnreadableSource
from stillwatch.service.collect.disk import Disk
from stillwatch.service.collect.log import Sealed
from stillwatch.service.collect.places import HOUR_S, Places
from stillwatch.service.collect.recent import Hashes, hashes_of
from stillwatch.service.collect.segment import Segment, read_segment

__all__ = ["ids_in_file", "read_ids", "write_by_hour"]

_IDS_MAGIC: Final = b"stillwatch ids 1"
_IDS_HEAD: Final = len(_IDS_MAGIC) + 4
_HOUR_US: Final = HOUR_S * 1_000_000


def write_by_hour(disk: Disk, places: Places, sealed: Sealed) -> Segment:
    """Write a segment's exchanges by hour, its rows put aside, the hashes of its ids; then remove it.

    The hashes come last: when they are there everything else is, and after a crash only the removal is left to do.

    Raises  OSError when the disk will not, the segment stays; UnreadableSource when its header is damaged.
    """
    path = places.segment(sealed.stem)
    segment = read_segment(disk.read(path)[: sealed.size_bytes], path.name)
    rows = segment.rows.combine_chunks()
    if sealed.keep is not None:
        rows = rows.filter(pa.array(sealed.keep))
    for hour, part in _by_hour(rows):
        disk.install(places.exchanges_of(sealed.stem, hour), _parquet(part))
    if segment.aside.num_rows:
        disk.install(places.aside_of(sealed.stem, segment.opened), _parquet(segment.aside))
    disk.install(places.ids_of(sealed.stem), _ids_file(rows))
    disk.remove(path)
    return segment


def _by_hour(rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Exchanges of each hour since 1970, in time order."""
    if not rows.num_rows:
        return
    time_us = rows["time"].cast(pa.int64()).to_numpy()
    order = np.argsort(time_us, kind="stable")
    hours, starts = np.unique(time_us[order] // _HOUR_US, return_index=True)
    ordered = rows.take(order)
    for hour, start, end in zip(hours, starts, [*starts[1:], len(order)], strict=True):
        yield int(hour), ordered.slice(start, end - start)


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1)
    return sink.getvalue()  # type: ignore[no-any-return]  # a buffer is as good as bytes to whoever writes it


def _ids_file(rows: pa.Table) -> bytes:
    chunks = rows["exchange_id"].chunks
    hashes = np.concatenate([hashes_of(chunk) for chunk in chunks]) if chunks else np.empty((0, 2), np.uint64)
    data = hashes.astype("<u8").tobytes()
    return _IDS_MAGIC + zlib.crc32(data).to_bytes(4, "little") + data


def ids_in_file(size_bytes: int) -> int:
    """Ids that a file of so many bytes holds."""
    return max(0, size_bytes - _IDS_HEAD) // 16


def read_ids(data: bytes, name: str) -> Hashes:
    """Hashes of a file.

    Raises  UnreadableSource when it is damaged.
    """
    told = data[_IDS_HEAD:]
    check = data[len(_IDS_MAGIC) : _IDS_HEAD]
    if not data.startswith(_IDS_MAGIC) or zlib.crc32(told).to_bytes(4, "little") != check or len(told) % 16:
        message = f"the ids of the segment {name} are damaged"
        raise UnreadableSource(message)
    return np.frombuffer(told, "<u8").astype(np.uint64).reshape(-1, 2)
