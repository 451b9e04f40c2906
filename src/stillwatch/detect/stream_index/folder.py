"""A stream index on disk: generations, of which one is current, written whole or not at all.

::

    DIR/CURRENT             one line: name of the current generation and SHA-256 of its manifest
    DIR/index-000012/       manifest.json, facts.parquet, accounts.parquet, one .npy file an array
    DIR/index-000011/       the one before, for a reader that is opening it

A generation is written under another name, flushed to disk, renamed, and only then does CURRENT, replaced in one step,
point to it. One process writes; any number read, also while it writes. Only this user may read the files: hashes of
account ids tell whose they are to whoever knows the ids.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.detect.stream_index.arrays import MAPPED, arrays_of, facts_of, index_of
from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT, of_before
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource

__all__ = ["STREAM_INDEX_VERSION", "IndexFolder"]

STREAM_INDEX_VERSION: Final = 1
MOST_BYTES: Final = 16 << 30
MOST_MANIFEST_BYTES: Final = 16 << 20
_CURRENT, _MANIFEST, _PARTIAL = "CURRENT", "manifest.json", ".partial"
_FACTS, _ACCOUNTS = "facts.parquet", "accounts.parquet"
_TABLES: Final = {_FACTS: STREAM_FACTS, _ACCOUNTS: WINDOW_ACCOUNT}
_MOST_HEADER_BYTES: Final = 1 << 14
_TRIES: Final = 3
_AGAIN: Final = "the next tick of the watch writes it anew"


class IndexFolder:
    """Writes and reads the index of the newest tick.

    path    Made by the first `write`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def current(self) -> str | None:
        """Line that says which generation is current, None when there is none; it changes when a new one is written.

        Raises  UnreadableSource when it cannot be read.
        """
        path = self.path / _CURRENT
        try:
            return _opened(path, 1024).decode("ascii", "replace").strip() if path.exists() else None
        except FileNotFoundError:
            return None

    def load(self) -> tuple[StreamIndex, FactsBook]:
        """The current generation, every file checked; counts of phrases stay on disk and are mapped into memory.

        Raises  MissingData when there is none; UnreadableSource when it is damaged; IncompatibleVersion when it is of
                another version.
        """
        for attempt in range(_TRIES):
            line = self.current()
            if line is None:
                msg = f"{self.path} holds no stream index; run a tick of the watch first"
                raise MissingData(msg)
            try:
                return self._generation(line)
            except FileNotFoundError as wrong:
                if attempt + 1 == _TRIES or self.current() == line:
                    msg = f"a file of {self.path / line.split(' ')[0]} is missing; {_AGAIN}"
                    raise UnreadableSource(msg) from wrong
        raise AssertionError  # the last attempt returns or raises

    def write(self, index: StreamIndex, facts: FactsBook) -> str:
        """Make an index the current one and return its line; it is safe on disk when this returns.

        Raises  InvalidInput when the folder holds something else; UnreadableSource when it cannot be written.
        """
        self._check()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._clear()
            number = 1 + max([0, *(int(path.name.rpartition("-")[2]) for path in self._generations())])
            line = self._write(f"index-{number:06}", index, facts)
            self._clear()
        except OSError as wrong:
            msg = f"the stream index cannot be written to {self.path}: {wrong.strerror or type(wrong).__name__}"
            raise UnreadableSource(msg) from wrong
        return line

    def _write(self, name: str, index: StreamIndex, facts: FactsBook) -> str:
        folder = self.path / (name + _PARTIAL)
        folder.mkdir(mode=0o700)
        files = {}
        for key, table in ((_FACTS, facts.table), (_ACCOUNTS, facts.accounts)):
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression="zstd")
            files[key] = _flushed(folder / key, sink.getvalue())
        for key, array in arrays_of(index).items():
            files[f"{key}.npy"] = _flushed(folder / f"{key}.npy", _encoded(array))
        manifest = {
            "kind": "stream-index",
            "format_version": STREAM_INDEX_VERSION,
            "stillwatch": __version__,
            "files": files,
            **facts_of(index),
        }
        text = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
        line = f"{name} {hashlib.sha256(text).hexdigest()}"
        _flushed(folder / _MANIFEST, text)
        _sync(folder)
        folder.rename(self.path / name)
        _sync(self.path)
        _flushed(self.path / (_CURRENT + _PARTIAL), f"{line}\n".encode())
        os.replace(self.path / (_CURRENT + _PARTIAL), self.path / _CURRENT)  # noqa: PTH105 - one atomic step, by its name
        _sync(self.path)
        return line

    def _generations(self) -> list[Path]:
        return sorted(path for path in self.path.glob("index-*") if path.name.rpartition("-")[2].isdigit())

    def _clear(self) -> None:
        """Remove whatever is neither the current generation nor the one before, as CURRENT says which these are."""
        for path in self.path.glob("*" + _PARTIAL):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        name = (self.current() or "").split(" ")[0]
        older = [path for path in self._generations() if path.name < name]
        newer = [path for path in self._generations() if path.name > name]
        for path in older[:-1] + newer:
            shutil.rmtree(path)

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            msg = f"the stream index needs a folder, {self.path} is a file"
            raise InvalidInput(msg)
        ours = {_CURRENT, _CURRENT + _PARTIAL}
        if self.path.is_dir() and any(
            p.name not in ours and not p.name.startswith("index-") for p in self.path.iterdir()
        ):
            msg = f"the stream index needs an empty or new folder, or an earlier index; {self.path} holds other files"
            raise InvalidInput(msg)

    def _generation(self, line: str) -> tuple[StreamIndex, FactsBook]:
        name, _, digest = line.partition(" ")
        folder = self.path / name
        if not name.startswith("index-") or "/" in name:
            msg = f"{self.path / _CURRENT} is damaged: it names no generation; {_AGAIN}"
            raise UnreadableSource(msg)
        data = _opened(folder / _MANIFEST, MOST_MANIFEST_BYTES)
        if hashlib.sha256(data).hexdigest() != digest:
            msg = f"{folder / _MANIFEST} is damaged: its checksum differs; {_AGAIN}"
            raise UnreadableSource(msg)
        manifest = json.loads(data)
        version = manifest.get("format_version")
        if manifest.get("kind") != "stream-index" or version != STREAM_INDEX_VERSION:
            msg = f"{folder} is of format {version!r}, this version reads {STREAM_INDEX_VERSION}; {_AGAIN}"
            raise IncompatibleVersion(msg)
        return _read(folder, manifest)


def _read(folder: Path, manifest: Mapping[str, Any]) -> tuple[StreamIndex, FactsBook]:
    files = manifest["files"]
    try:
        arrays = {
            name.removesuffix(".npy"): _array(folder / name, files[name]) for name in files if name not in _TABLES
        }
        tables = {name: _table(folder / name, files) for name in _TABLES}
        index = index_of(arrays, manifest)
    except (KeyError, ValueError, pa.ArrowException) as wrong:
        msg = f"{folder} does not hold what its manifest says ({type(wrong).__name__}); {_AGAIN}"
        raise UnreadableSource(msg) from wrong
    for name, schema in _TABLES.items():
        if not tables[name].schema.equals(schema):
            msg = f"{folder / name} has other columns than this version writes; {_AGAIN}"
            raise IncompatibleVersion(msg)
    return index, FactsBook(tables[_FACTS], tables[_ACCOUNTS])


def _table(path: Path, files: Mapping[str, Any]) -> pa.Table:
    """A table; one of accounts is not there in an index of an earlier version."""
    if path.name == _ACCOUNTS and path.name not in files:
        return WINDOW_ACCOUNT.empty_table()
    found = pq.read_table(pa.BufferReader(_checked(path, files[path.name])))
    return of_before(found) if path.name == _ACCOUNTS else found


def _array(path: Path, known: Mapping[str, Any]) -> NDArray[Any]:
    """Private copy of an array: kernels are compiled once, for arrays that can be written to."""
    if path.stem in MAPPED:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        _hold(path, path.stat().st_size, digest, known)
        return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False).view(np.ndarray))
    if path.stat().st_size > MOST_BYTES:
        msg = f"{path} is larger than {MOST_BYTES:,} bytes"
        raise UnreadableSource(msg)
    # NumPy's own reader copies in a loop that keeps the interpreter from decisions for milliseconds.
    data = np.fromfile(path, np.uint8)
    _hold(path, len(data), hashlib.sha256(data.data).hexdigest(), known)
    return _decoded(data)


def _decoded(data: NDArray[np.uint8]) -> NDArray[Any]:
    """Array of the bytes of an .npy file, which it keeps.

    Raises  ValueError when they are none.
    """
    head = io.BytesIO(data[:_MOST_HEADER_BYTES].tobytes())
    if np.lib.format.read_magic(head) != (1, 0):
        msg = "of another version of the format"
        raise ValueError(msg)
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(head)
    if is_fortran or dtype.hasobject:
        msg = "of another layout"
        raise ValueError(msg)
    return data[head.tell() :].view(dtype).reshape(shape)


def _checked(path: Path, known: Mapping[str, Any]) -> bytes:
    data = _opened(path, MOST_BYTES)
    _hold(path, len(data), hashlib.sha256(data).hexdigest(), known)
    return data


def _hold(path: Path, size: int, digest: str, known: Mapping[str, Any]) -> None:
    if size != known["bytes"] or digest != known["sha256"]:
        msg = f"{path} is damaged: its checksum differs; {_AGAIN}"
        raise UnreadableSource(msg)


def _encoded(array: NDArray[Any]) -> memoryview:
    sink = io.BytesIO()
    np.lib.format.write_array(sink, array, allow_pickle=False)
    return sink.getbuffer()


def _opened(path: Path, most_bytes: int) -> bytes:
    """Content of a file.

    Raises  FileNotFoundError, which a reader that was overtaken by the writer answers by reading again.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= most_bytes else None
    except FileNotFoundError:
        raise
    except OSError as wrong:
        msg = f"{path} cannot be read: {wrong.strerror}"
        raise UnreadableSource(msg) from wrong
    if data is None:
        msg = f"{path} is larger than {most_bytes:,} bytes"
        raise UnreadableSource(msg)
    return data


def _flushed(path: Path, data: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever has bytes
    """Write a file to disk and say what it must hold."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
