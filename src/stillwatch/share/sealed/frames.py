"""Several byte strings as one, each behind its length."""

from collections.abc import Sequence

from stillwatch.errors import InvalidInput

__all__ = ["joined", "split"]

_LENGTH_BYTES = 4


def joined(pieces: Sequence[bytes]) -> bytes:
    """Each piece behind its length, 4 bytes, big-endian."""
    return b"".join(len(piece).to_bytes(_LENGTH_BYTES, "big") + piece for piece in pieces)


def split(data: bytes, most: int) -> list[bytes]:
    """What `joined` put together.

    most        Pieces there may be.
    Raises      InvalidInput when lengths do not fit, or there are more.

    >>> split(joined([b"a", b"", b"bc"]), 3)
    [b'a', b'', b'bc']
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data) or len(found) == most:
            message = f"a message must be at most {most} pieces behind their lengths, got {len(data)} bytes"
            raise InvalidInput(message)
        found.append(data[start:end])
        at = end
    return found
