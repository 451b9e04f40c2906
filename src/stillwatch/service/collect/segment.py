r"""A segment: what was committed and is not yet written by hour.

::

    "stillwatch log 1"  16 bytes
    marker              16 random bytes, of this file alone
    opened              8 bytes: microseconds since 1970
    schemas             of exchanges and of rows put aside, each with its length (4 bytes) in front
    frame ...           marker, length (4), CRC-32 of length, kind and payload (4), kind (1), payload: a record batch

A frame that is not whole ends the search for it only: the next marker is looked for, so that a damaged sector costs
the frames in it and no other. The marker is random because what people send is in the payloads: nobody can send bytes
that would be taken for a frame after such damage. CRC-32 is zlib's (CRC-32C is not in Python's library, and finds a
torn write no better); numbers are little-endian.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa

from stillwatch.errors import UnreadableSource
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.quarantine import QUARANTINE

__all__ = ["ASIDE", "MARKER_BYTES", "ROWS", "Segment", "conformed", "frame", "header", "read_segment"]

MARKER_BYTES: Final = 16
ROWS, ASIDE = b"x", b"q"
_MAGIC: Final = b"stillwatch log 1"
_OPENED: Final = struct.Struct("<q")
_LENGTH: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<II1s")
_SCHEMAS: Final = {ROWS: EXCHANGE, ASIDE: QUARANTINE}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """What a file holds.

    rows            All exchanges, in the order in which they were committed.
    aside           All rows put aside.
    damaged_bytes   In which no whole frame was found; a write that a crash has cut short leaves such at the end.
    """

    opened: datetime
    rows: pa.Table
    aside: pa.Table
    damaged_bytes: int


def header(marker: bytes, opened: datetime) -> bytes:
    """How a segment begins."""
    schemas = [schema.serialize().to_pybytes() for schema in _SCHEMAS.values()]
    told = b"".join(_LENGTH.pack(len(schema)) + schema for schema in schemas)
    return _MAGIC + marker + _OPENED.pack((opened - _EPOCH) // timedelta(microseconds=1)) + told


def frame(marker: bytes, kind: bytes, batch: pa.RecordBatch) -> bytes:
    """One batch as it is appended.

    kind    `ROWS` or `ASIDE`.
    """
    payload = batch.serialize()
    return b"".join((marker, _HEAD.pack(payload.size, _check(payload.size, kind, payload), kind), payload))


def _check(size: int, kind: bytes, payload: "pa.Buffer | memoryview") -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(size) + kind))


def read_segment(data: bytes, name: str) -> Segment:
    """Everything that is whole in the bytes of a segment.

    Columns that this version no longer has are left out, and those that the file does not have yet are null.

    Raises  UnreadableSource when not even the header is whole, unless the file is empty after it: then there was
            nothing in it.
    """
    opened, schemas, at = _read_header(data, name)
    marker = data[len(_MAGIC) : len(_MAGIC) + MARKER_BYTES]
    found: dict[bytes, list[pa.RecordBatch]] = {ROWS: [], ASIDE: []}
    whole = 0
    for kind, payload in _frames(memoryview(data), data, marker, at):
        found[kind].append(pa.ipc.read_record_batch(pa.py_buffer(payload), schemas[kind]))
        whole += MARKER_BYTES + _HEAD.size + len(payload)
    tables = [conformed(pa.Table.from_batches(found[kind], schemas[kind]), _SCHEMAS[kind]) for kind in _SCHEMAS]
    return Segment(opened, tables[0], tables[1], len(data) - at - whole)


def _read_header(data: bytes, name: str) -> tuple[datetime, dict[bytes, pa.Schema], int]:
    try:
        if not data.startswith(_MAGIC):
            raise ValueError  # noqa: TRY301 - one message for all that may be wrong with it
        at = len(_MAGIC) + MARKER_BYTES
        (opened_us,) = _OPENED.unpack_from(data, at)
        at += _OPENED.size
        schemas = {}
        for kind in _SCHEMAS:
            (size,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size + size
            schemas[kind] = pa.ipc.read_schema(pa.py_buffer(data[at - size : at]))
        return _EPOCH + timedelta(microseconds=opened_us), schemas, at
    except (ValueError, struct.error, OverflowError, OSError, pa.ArrowException) as error:
        message = f"the header of the segment {name} is damaged"
        raise UnreadableSource(message) from error


def _frames(view: memoryview, data: bytes, marker: bytes, at: int) -> Iterator[tuple[bytes, memoryview]]:
    while (start := data.find(marker, at)) >= 0:
        head_end = start + MARKER_BYTES + _HEAD.size
        at = start + 1
        if head_end > len(data):
            return
        size, check, kind = _HEAD.unpack_from(data, start + MARKER_BYTES)
        payload = view[head_end : head_end + size]
        if kind in _SCHEMAS and len(payload) == size and _check(size, kind, payload) == check:
            yield kind, payload
            at = head_end + size


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table under another version's schema: what that does not have is left out, what it has anew is null."""
    if table.schema.equals(schema, check_metadata=True):
        return table
    nothing = pa.nulls(table.num_rows)
    columns = [table[f.name] if f.name in table.schema.names else nothing for f in schema]
    return pa.Table.from_arrays([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
