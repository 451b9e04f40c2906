"""Gzip taken apart as it arrives, never to more than is allowed."""

import zlib
from collections.abc import Iterator
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["Gunzip"]

_GZIP_WBITS: Final = 31
_PIECE_BYTES: Final = 256 * 1024
_MAGIC: Final = b"\x1f\x8b"


class Gunzip:
    """Inflates all members of a gzip stream, a bounded piece at a time: whoever counts the pieces can stop."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_WBITS)
        self._is_inside = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Inflate what has arrived.

        Raises  InvalidInput when it is no gzip.

        >>> import gzip
        >>> b"".join(Gunzip().feed(gzip.compress(b"hello")))
        b'hello'
        """
        while data:
            if not self._is_inside:
                self._inflate = zlib.decompressobj(_GZIP_WBITS)
                self._is_inside = True
            try:
                piece = self._inflate.decompress(data, _PIECE_BYTES)
            except zlib.error:
                message = "the body is no gzip"
                raise InvalidInput(message) from None
            ended = self._inflate.eof
            data = self._inflate.unused_data if ended else self._inflate.unconsumed_tail
            self._is_inside = not ended
            if piece:
                yield piece

    def end(self) -> Iterator[bytes]:
        """Give what is left.

        Raises  InvalidInput when the stream is cut off.
        """
        if self._is_inside:
            yield self._inflate.flush()
            message = "the gzip of the body is cut off"
            raise InvalidInput(message)
