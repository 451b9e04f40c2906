"""Lines of JSON: each with its number, none longer than memory allows, none lost."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import orjson

from stillwatch.ingest.streams import Damage
from stillwatch.model.reader import Rejected, Source

__all__ = ["LINE_BYTES", "JsonLine", "first_objects", "json_lines", "lines", "parsed", "sample_objects"]

LINE_BYTES = 128 * 1024 * 1024
"""Longest line that is parsed; a longer one is skipped without being held and rejected."""

BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line that is not blank; `row` counts from 1, `data` is without surrounding white space."""

    row: int
    data: bytes


class JsonLine(NamedTuple):
    """A line that is a JSON object."""

    row: int
    fields: dict[str, object]


def lines(stream: BinaryIO, limit: int = LINE_BYTES) -> Iterator[Line | Rejected]:
    r"""Yield every line that is not blank; one longer than `limit` bytes is rejected.

    >>> import io
    >>> list(lines(io.BytesIO(b"a\n\nbcd"), limit=2))
    [Line(row=1, data=b'a'), Rejected(row=3, field=None, reason='line is 3 bytes, allowed 2', exchange_id=None)]
    """
    row = 0
    while data := stream.readline(limit + 2):
        row += 1
        if row == 1:
            data = data.removeprefix(BOM)
        body = data.strip()
        if len(body) > limit:
            size = len(data.rstrip(b"\r\n")) + (0 if data.endswith(b"\n") else _skip_line(stream))
            yield Rejected(row, None, f"line is {size:,} bytes, allowed {limit:,}")
        elif not data.endswith(b"\n") and len(data) == limit + 2:
            yield Rejected(row, None, f"line is {limit + 2 + _skip_line(stream):,} bytes, allowed {limit:,}")
        elif body:
            yield Line(row, body)


def _skip_line(stream: BinaryIO) -> int:
    """Read to the end of the line and return how many bytes that was, line end not counted."""
    skipped = 0
    while data := stream.readline(1024 * 1024):
        skipped += len(data.rstrip(b"\r\n"))
        if data.endswith(b"\n"):
            break
    return skipped


def parsed(row: int, data: bytes) -> JsonLine | Rejected:
    r"""Parse one line; say where it is broken, not what it holds.

    >>> parsed(7, b'{"a": }').reason
    'broken JSON at character 7'
    >>> parsed(7, b'{"a": "\xff"}').reason
    'invalid UTF-8 at byte 8'
    >>> parsed(7, b'[]').reason
    'JSON array, expected an object'
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Rejected(row, None, _broken(data, error))
    if isinstance(value, dict):
        return JsonLine(row, value)
    kinds = {list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return Rejected(row, None, f"JSON {kinds.get(type(value), 'null')}, expected an object")


def _broken(data: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as invalid:
        return f"invalid UTF-8 at byte {invalid.start + 1}"
    return f"broken JSON at character {error.pos + 1}"


def json_lines(stream: BinaryIO) -> Iterator[JsonLine | Rejected]:
    r"""Yield every line of `stream` that is not blank, as an object or rejected.

    >>> import io
    >>> list(json_lines(io.BytesIO(b'{"a":1}')))
    [JsonLine(row=1, fields={'a': 1})]
    """
    for line in lines(stream):
        yield parsed(line.row, line.data) if isinstance(line, Line) else line


def first_objects(head: bytes, most: int = 20) -> list[dict[str, object]]:
    r"""Objects among the first lines of a file, for recognising a format; a line cut off by the end is left out.

    >>> first_objects(b'{"a":1}\nbroken\n{"b":2}\n{"c"')
    [{'a': 1}, {'b': 2}]
    """
    candidates = [line for line in head.removeprefix(BOM).split(b"\n", most)[:most] if line.strip().startswith(b"{")]
    found = (parsed(0, line) for line in candidates)
    return [item.fields for item in found if isinstance(item, JsonLine)]


def sample_objects(source: Source) -> list[dict[str, object]]:
    """Objects among the first lines of a source, a first line longer than its head included."""
    found = first_objects(source.head)
    if found or b"\n" in source.head or not source.head.lstrip().startswith(b"{"):
        return found
    try:
        with source.open() as stream:
            return first_objects(stream.readline(LINE_BYTES))
    except Damage:
        return []
