"""Byte streams that inflate on the way and say where they are damaged, after every byte before the damage."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from stillwatch.errors import UnreadableSource

__all__ = ["Damage", "compression", "open_stream"]

CHUNK_BYTES = 64 * 1024
BUFFER_BYTES = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_WBITS = 31


class Damage(UnreadableSource):
    """The container breaks off here; what came before it was handed over.

    reason  What is wrong, without content.
    offset  Where in the file as it lies on disk, bytes.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset


class CountedFile(io.FileIO):
    """A file that reports how far it was read."""

    def __init__(self, path: Path, on_position: Callable[[int], None]) -> None:
        super().__init__(path)
        self._on_position = on_position

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - the signature of FileIO
        """Read into `buffer` and report the position."""
        n = super().readinto(buffer) or 0
        self._on_position(self.tell())
        return n


class InflatingStream(io.RawIOBase):
    """Raw stream over `_fill`, which yields inflated pieces; damage is raised once all before it was read."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self._ready = memoryview(b"")
        self._damage: Damage | None = None
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - the signature of RawIOBase
        """Hand over what is inflated, inflating more when there is nothing."""
        while not self._ready:
            if self._damage is not None:
                raise self._damage
            if self._ended:
                return 0
            self._ready = memoryview(self._fill())
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n

    def close(self) -> None:
        """Close the file below as well."""
        self._raw.close()
        super().close()

    def _fill(self) -> bytes:
        """Inflate the next piece; set `_damage` or `_ended` when there is none."""
        raise NotImplementedError


class GzipStream(InflatingStream):
    """Inflates gzip, all members; zero padding after the last one is ignored as gzip itself does."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(raw)
        self._inflate = zlib.decompressobj(GZIP_WBITS)
        self._pending = b""
        self._consumed = 0
        self._in_member = False

    def _fill(self) -> bytes:
        if not self._pending:
            self._pending = self._raw.read(CHUNK_BYTES)
        if not self._in_member:
            self._start_member()
            return b""
        if not self._pending:
            self._damage = Damage("gzip stream is cut off", self._consumed)
            return self._inflate.flush()
        return self._inflate_pending()

    def _start_member(self) -> None:
        padding = len(self._pending) - len(self._pending.lstrip(b"\0")) if self._consumed else 0
        self._consumed += padding
        self._pending = self._pending[padding:]
        if not self._pending:
            self._ended = padding == 0
        elif not GZIP_MAGIC.startswith(self._pending[:2]):
            self._damage = Damage("bytes after the gzip stream are not gzip", self._consumed)
        else:
            self._inflate = zlib.decompressobj(GZIP_WBITS)
            self._in_member = True

    def _inflate_pending(self) -> bytes:
        before = self._inflate.copy()
        try:
            out = self._inflate.decompress(self._pending, BUFFER_BYTES)
        except zlib.error:
            return self._salvage(before)
        rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._consumed += len(self._pending) - len(rest)
        self._pending = rest
        self._in_member = not self._inflate.eof
        return out

    def _salvage(self, inflate: "zlib._Decompress") -> bytes:
        """Inflate byte by byte up to the damage: zlib gives nothing of a call that fails."""
        out = bytearray()
        for i in range(len(self._pending)):
            try:
                out += inflate.decompress(self._pending[i : i + 1])
            except zlib.error:
                self._consumed += i
                break
        self._damage = Damage("gzip stream is damaged", self._consumed)
        return bytes(out)


class ZstdStream(InflatingStream):
    """Inflates Zstandard, all frames."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(raw)
        self._inflate = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")

    def _fill(self) -> bytes:
        try:
            out = cast("bytes", self._inflate.read(CHUNK_BYTES))
        except OSError as error:
            kind = "cut off" if "runcated" in str(error) else "damaged"
            self._damage = Damage(f"zstd stream is {kind}", self._raw.tell())
            return b""
        self._ended = not out
        return out


def compression(magic: bytes) -> str | None:
    r"""Name the compression by the first bytes of a file; None when it is not compressed.

    >>> compression(b"\x1f\x8b\x08"), compression(b"{}")
    ('gzip', None)
    """
    if magic.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if magic.startswith(ZSTD_MAGIC) else None


def open_stream(path: Path, kind: str | None, on_position: Callable[[int], None]) -> BinaryIO:
    """Open `path` for reading from the start, inflated.

    kind            As `compression` names it.
    on_position     Told the bytes read of the file on disk.
    """
    raw = io.BufferedReader(CountedFile(path, on_position), BUFFER_BYTES)
    if kind == "gzip":
        return io.BufferedReader(GzipStream(raw), BUFFER_BYTES)
    if kind == "zstd":
        return io.BufferedReader(ZstdStream(raw), BUFFER_BYTES)
    return raw
