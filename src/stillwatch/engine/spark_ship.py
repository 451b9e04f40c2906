"""How this package and the functions of a scan reach the executors.

The package travels as an archive with the kernels that are compiled here, once an executor; functions travel as a
broadcast, packed so that all Python workers of an executor read one copy through the page cache. Both are pickles from
the driver to its own executors, which run its code anyway; nothing that is unpickled here comes from anywhere else.
"""

import hashlib
import json
import mmap
import pickle
import sys
import tempfile
import zipfile
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import stillwatch
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from pyspark import Broadcast, SparkContext

__all__ = ["archive", "archive_of", "load", "pack", "ship", "versions"]

_PACKAGE: Final = Path(stillwatch.__file__).parent
_MAGIC: Final = b"stillwatch-pack1"
_LINE: Final = 64
_LONGEST_PREFIX: Final = 4096
_LEFT_OUT: Final = {".pyc"}
_MUST_AGREE: Final = ("numba", "numpy", "pyarrow", "scipy")
_FOLDERS: Final[dict[str, "tempfile.TemporaryDirectory[str]"]] = {}
"""Spark reads added files from where they lie, until the application ends."""


@cache
def versions() -> dict[str, str]:
    """What numbers depend on: executors must have the same."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in _MUST_AGREE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def archive(folder: Path) -> Path:
    """The package as it lies here, compiled kernels included, named after its content.

    Times of the files go along to the nanosecond: numba tells by them whether a compiled kernel is of this source.
    """
    files = sorted(p for p in _PACKAGE.rglob("*") if p.is_file() and p.suffix not in _LEFT_OUT)
    digest, times = hashlib.sha256(), {}
    for path in files:
        name = f"stillwatch/{path.relative_to(_PACKAGE)}"
        times[name] = path.stat().st_mtime_ns
        digest.update(f"{name} {times[name]} {path.stat().st_size}\n".encode())
    target = folder / f"stillwatch-{digest.hexdigest()[:16]}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for path in files:
            out.write(path, f"stillwatch/{path.relative_to(_PACKAGE)}")
        out.writestr("times.json", json.dumps(times))
    return target


@cache
def archive_of(application: str, context: "SparkContext") -> str:
    """File name of the archive; executors of an application get it once."""
    folder = tempfile.TemporaryDirectory(prefix="stillwatch-package-")
    path = archive(Path(folder.name))
    context.addFile(str(path))
    _FOLDERS[application] = folder
    return path.name


def pack(value: Any, out: Path) -> int:  # noqa: ANN401 - any function with what it holds
    """Pickle a value into a file, its arrays side by side at multiples of 64 bytes; give its size.

    Arrays that must not be written to stay so: kernels are compiled for the one kind or the other.

    Raises    TypeError or pickle.PicklingError if something in it cannot travel.
    """
    from pyspark import cloudpickle  # noqa: PLC0415 - only where Spark runs

    buffers: list[pickle.PickleBuffer] = []
    content: bytes = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)  # type: ignore[no-untyped-call]
    views = [buffer.raw() for buffer in buffers]
    head = pickle.dumps((len(content), [(view.nbytes, view.readonly) for view in views]))
    with out.open("wb") as file:
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head + content)
        for view in views:
            file.write(b"\0" * (-(file.tell() + _shift()) % _LINE))
            file.write(view)
        return file.tell()


def load(broadcast: "Broadcast[Any]") -> Any:  # noqa: ANN401 - what was packed
    """What was packed and broadcast; its arrays are views of Spark's file, copied where somebody writes to them."""
    path = getattr(broadcast, "_path", None)
    if path is not None:
        with open(path, "rb") as file:  # noqa: PTH123 - Spark gives a string
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        start = content.find(_MAGIC, 0, _LONGEST_PREFIX)
        if start >= 0:
            return _unpacked(memoryview(content), start)
    return _unpacked(memoryview(bytearray(broadcast.value)), 0)


def _unpacked(data: memoryview, start: int) -> Any:  # noqa: ANN401 - what was packed
    at = start + len(_MAGIC)
    head_end = at + 8 + int.from_bytes(data[at : at + 8], "little")
    size, sizes = pickle.loads(data[at + 8 : head_end])  # noqa: S301 - from our own driver
    end = at = head_end + size
    buffers = []
    for n_bytes, is_read_only in sizes:
        at += -(at - start + _shift()) % _LINE
        view = data[at : at + n_bytes]
        buffers.append(view.toreadonly() if is_read_only else view)
        at += n_bytes
    return pickle.loads(data[head_end:end], buffers=buffers)  # noqa: S301 - from our own driver


@cache
def _shift() -> int:
    """Bytes that a pickle of bytes puts before them, so that arrays lie at lines of the broadcast's file."""
    probe = pickle.dumps(pickle.PickleBuffer(b"\1" * (1 << 20)), protocol=pickle.HIGHEST_PROTOCOL)
    return probe.index(b"\1" * 16) % _LINE


def ship(value: Any, sc: "SparkContext", limit_bytes: int) -> "tuple[Broadcast[Any], int]":  # noqa: ANN401
    """Broadcast a packed value; give its size in bytes. It is written to disk and sent from there, never copied whole.

    Raises    InvalidInput if it is larger than `limit_bytes`; TypeError, AttributeError or pickle.PicklingError if
              something in it cannot travel.
    """
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
        path = Path(folder) / "packed"
        size_bytes = pack(value, path)
        if size_bytes > limit_bytes:
            message = f"a step would send {size_bytes:,} bytes to every executor, the limit is {limit_bytes:,}"
            raise InvalidInput(message)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            buffer = pickle.PickleBuffer(content)
            broadcast = sc.broadcast(buffer)
            broadcast._value = None  # type: ignore[assignment]  # noqa: SLF001 - nothing of it stays here
            buffer.release()
    return broadcast, size_bytes
