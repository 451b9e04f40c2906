"""JSON values one after another, an array given element by element, without holding the file."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from stillwatch.ingest.lines import BOM, LINE_BYTES, JsonLine, first_objects, json_lines, parsed
from stillwatch.model.reader import Rejected, Source

__all__ = ["json_objects", "json_values"]

CHUNK_BYTES = 256 * 1024
# Everything up to the next bracket outside strings, or up to the quote of a string that goes on beyond what was read.
PIECE = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
QUOTE, OPENING, CLOSING = ord('"'), frozenset(b"{["), frozenset(b"}]")


class _Splitter:
    """Cuts bytes into the objects at the top or in a top-level array.

    start   Where the object being read begins in `buffer`; None between objects.
    at      How far `buffer` was looked at.
    """

    def __init__(self) -> None:
        self.buffer = b""
        self.at = 0
        self.start: int | None = None
        self.depth = 0

    def feed(self, data: bytes, *, last: bool) -> Iterator[bytes]:
        """Yield every object that ends in `data`."""
        self._drop_read()
        self.buffer += data
        while (bracket := self._next(last=last)) is not None:
            if bracket in OPENING and (self.start is not None or bracket == ord("{")):
                self.start = self.at - 1 if self.start is None else self.start
                self.depth += 1
            elif bracket in CLOSING and self.start is not None:
                self.depth -= 1
                if self.depth == 0:
                    yield self.buffer[self.start : self.at]
                    self.start = None

    def _next(self, *, last: bool) -> int | None:
        """Next bracket outside strings, `at` moved behind it; None when more must be read for it."""
        while True:
            piece = PIECE.match(self.buffer, self.at)
            self.at = piece.end() if piece else len(self.buffer)
            if self.at == len(self.buffer) or (self.buffer[self.at] == QUOTE and not last):
                return None
            self.at += 1
            if self.buffer[self.at - 1] != QUOTE:
                return self.buffer[self.at - 1]

    def _drop_read(self) -> None:
        done = self.at if self.start is None else self.start
        self.buffer = self.buffer[done:]
        self.at -= done
        self.start = None if self.start is None else 0

    def held(self) -> int:
        """Bytes of the object that has begun and not ended."""
        return 0 if self.start is None else len(self.buffer) - self.start


def json_objects(source: Source) -> Iterator[JsonLine | Rejected]:
    """Yield every object of a source, line by line where lines are objects: then a broken line costs only itself."""
    is_array = source.head.removeprefix(BOM).lstrip().startswith(b"[")
    by_line = not is_array and (b"\n" not in source.head or any(first_objects(source.head)))
    with source.open() as stream:
        yield from json_lines(stream) if by_line else json_values(stream)


def json_values(stream: BinaryIO, limit: int = LINE_BYTES) -> Iterator[JsonLine | Rejected]:
    r"""Yield every object at the top of a file or in an array there; `row` counts them from 1.

    Objects may follow one another with or without line ends, in arrays or not, printed over many lines or not. One
    that is broken but balanced costs itself; one that is not closed costs the rest of the file, as one rejected row.
    An object over `limit` bytes is rejected with the rest.

    >>> import io
    >>> list(json_values(io.BytesIO(b'[{"a": 1},\n {"b": [2]}]')))
    [JsonLine(row=1, fields={'a': 1}), JsonLine(row=2, fields={'b': [2]})]
    >>> list(json_values(io.BytesIO(b'[{"a": 1}, {"b": ')))[1].reason
    'file ends inside an object'
    """
    splitter, row, size = _Splitter(), 0, CHUNK_BYTES
    data = stream.read(size).removeprefix(BOM)
    while True:
        for text in splitter.feed(data, last=not data):
            row += 1
            yield parsed(row, text)
        if not data:
            break
        if splitter.held() > limit:
            yield Rejected(row + 1, None, f"object is over {limit:,} bytes; the rest of the file was not read")
            return
        # Growing reads keep the rescans of one long string linear.
        size = max(CHUNK_BYTES, splitter.held())
        data = stream.read(size)
    if splitter.held():
        yield Rejected(row + 1, None, "file ends inside an object")
    elif row == 0:
        yield Rejected(1, None, "no JSON object in the file")
