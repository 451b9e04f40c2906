"""The protobuf wire format, one field at a time: for streams that are larger than memory or cut off."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["LENGTH_DELIMITED", "CutOffError", "Field", "fields", "read_exactly", "read_varint"]

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
VARINT_BYTES = 10


class CutOffError(ValueError):
    """A stream ends within a number, or a number has no end."""


class Field(NamedTuple):
    """One field of a message.

    number, kind   Field number (0 when the bytes are no field) and wire type.
    data           Its bytes, as far as they go; empty for a varint.
    whole          False when the message ends within it, or when the bytes are no field: nothing comes after.
    """

    number: int
    kind: int
    data: memoryview
    whole: bool = True


def _varint(view: memoryview, at: int) -> tuple[int, int] | None:
    value = 0
    for place, byte in enumerate(view[at : at + VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return None


def fields(view: memoryview) -> Iterator[Field]:
    """Yield the fields of a message, the last one perhaps not whole.

    >>> [(f.number, bytes(f.data), f.whole) for f in fields(memoryview(bytes([0x0A, 2, 65, 66, 0x12, 9, 67])))]
    [(1, b'AB', True), (2, b'C', False)]
    """
    at = 0
    while at < len(view):
        field, at = _field(view, at)
        yield field
        if not field.whole:
            return


def _field(view: memoryview, at: int) -> tuple[Field, int]:
    nothing = Field(0, 0, view[at:], whole=False), len(view)
    tag = _varint(view, at)
    if tag is None or tag[0] >> 3 == 0:
        return nothing
    number, kind, start = tag[0] >> 3, tag[0] & 7, tag[1]
    if kind in FIXED:
        end = start + FIXED[kind]
    else:
        value = _varint(view, start) if kind in (VARINT, LENGTH_DELIMITED) else None
        if value is None:
            return nothing
        start = value[1]
        end = start + (value[0] if kind == LENGTH_DELIMITED else 0)
    return Field(number, kind, view[start:end], whole=end <= len(view)), end


def read_varint(stream: BinaryIO) -> int | None:
    """Read a varint; None at the end of the stream.

    Raises      CutOffError if the stream ends within it or it has no end.
    """
    value = 0
    for place in range(VARINT_BYTES):
        byte = stream.read(1)
        if not byte:
            if place == 0:
                return None
            break
        value |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            return value
    message = "number has no end"
    raise CutOffError(message)


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or fewer at the end of the stream."""
    parts: list[bytes] = []
    while size and (part := stream.read(min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
