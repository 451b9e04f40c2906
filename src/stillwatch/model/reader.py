"""A log format: the Protocol its reader follows and what it hands over."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

import pyarrow as pa

__all__ = ["Columns", "Reader", "Record", "Rejected", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """One input, already decompressed.

    name    Path as the user gave it, or ``-`` for standard input.
    open    Opens a fresh binary stream from the start; compressed files are inflated on the way.
    head    First bytes of the content (at most 64 KiB), for recognising the format.
    path    The file on disk when it is a plain uncompressed file, for readers that need to seek; else None.
    """

    name: str
    open: Callable[[], BinaryIO]
    head: bytes
    path: str | None = None


class Record(NamedTuple):
    """One row read: raw values by column name of `EXCHANGE`, to be checked and typed centrally."""

    row: int
    fields: dict[str, object]


class Rejected(NamedTuple):
    """One row read that is no exchange: where, which field, why."""

    row: int
    field: str | None
    reason: str
    exchange_id: str | None = None


class Columns(NamedTuple):
    """Many rows read at once, as Arrow columns with names of `EXCHANGE`; `first_row` is the place of the first."""

    first_row: int
    batch: pa.RecordBatch


class Reader(Protocol):
    """Reads one format. It recognises content, not file names, and streams: memory does not grow with the file.

    Every item it yields counts as rows read: a `Record` or a `Rejected` is one row, `Columns` is ``batch.num_rows``.
    """

    name: str
    unit: str

    def recognises(self, source: Source, /) -> bool:
        """Say whether the head of the source is this format."""
        ...

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every row, good or bad, in file order."""
        ...
