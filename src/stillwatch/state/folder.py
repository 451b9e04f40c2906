"""A state on disk: generations, of which one is current, written whole or not at all.

::

    DIR/CURRENT                     one line: name of the current generation and SHA-256 of its manifest
    DIR/generation-000012/          manifest.json, its own CURRENT line to go back to, one sealed file a table
    DIR/generation-000011/          the one before
    DIR/lock                        held while a scan runs

A generation is written under another name, flushed to disk, renamed, and only then does CURRENT, replaced in one step,
point to it. Whatever is left over from a scan that was killed is removed by the next.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from stillwatch import __version__
from stillwatch.errors import IncompatibleVersion, InvalidInput, UnreadableSource
from stillwatch.state.sealed import mark_of, sealed, unsealed
from stillwatch.state.value import COUNT, TABLES, State

__all__ = ["STATE_VERSION", "Generation", "StateFolder"]

STATE_VERSION: Final = 1
MOST_BYTES: Final = 16 << 30
MOST_MANIFEST_BYTES: Final = 1 << 20
_CURRENT, _LOCK, _MANIFEST, _MARKER = "CURRENT", "lock", "manifest.json", ".stillwatch"
_PARTIAL: Final = ".partial"
_ANEW: Final = "or give another --state folder to start anew"


@dataclass(frozen=True, slots=True)
class Generation:
    """One written state.

    line        What CURRENT says when it is current.
    parent      Line of the generation it was made from, None for the first.
    digest      Digest of the input that made it.
    """

    line: str
    parent: str | None
    digest: str
    window_days: int
    files: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """Its folder."""
        return self.line.split()[0]

    @property
    def number(self) -> int:
        """1 for the first."""
        return int(self.name.rpartition("-")[2])


class StateFolder:
    """Reads and writes generations; use `held` so that nobody else does."""

    def __init__(self, path: Path, salt: bytes) -> None:
        self.path = path
        self._salt = salt

    @contextlib.contextmanager
    def held(self) -> Iterator["StateFolder"]:
        """Make the folder when there is none, lock it, and clear away what a killed scan left.

        Raises  InvalidInput when the folder holds something else, or another scan uses it; UnreadableSource when it
                cannot be written.
        """
        _check(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as wrong:
            msg = f"the state folder {self.path} cannot be used: {wrong.strerror}"
            raise UnreadableSource(msg) from wrong
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as wrong:
                msg = f"another scan is using the state folder {self.path}; wait until it ends"
                raise InvalidInput(msg) from wrong
            (self.path / _MARKER).write_text(json.dumps({"kind": "state"}) + "\n", encoding="ascii")
            self._clear()
            yield self
        finally:
            os.close(lock)

    def current(self) -> Generation | None:
        """The current generation, None when nothing was written yet.

        Raises  UnreadableSource when it is damaged, IncompatibleVersion when it is of another version or salt.
        """
        if not (self.path / _CURRENT).exists():
            return None
        return self._generation(_opened(self.path / _CURRENT, 1024).decode("ascii", "replace").strip())

    def parent(self, generation: Generation) -> Generation | None:
        """The generation that one was made from, None for the first.

        Raises  As `current`.
        """
        return None if generation.parent is None else self._generation(generation.parent)

    def load(self, generation: Generation) -> State:
        """State of a generation, every file checked.

        Raises  As `current`.
        """
        tables = {name: self._table(generation, name) for name in generation.files}
        if missing := TABLES.keys() - tables.keys():
            msg = f"{self.path / generation.name} lacks {', '.join(sorted(missing))}; {self._back(generation.name)}"
            raise UnreadableSource(msg)
        return State.of_tables(tables, generation.window_days)

    def write(self, state: State, parent: Generation | None, digest: str) -> None:
        """Make a state the current one; it is safe on disk when this returns.

        A state that is current and whole stays as it is; one whose files are damaged is written anew.

        Raises  UnreadableSource when it cannot be written.
        """
        files = {name: sealed(_encoded(table), name, self._salt) for name, table in state.tables().items()}
        known = {name: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for name, d in files.items()}
        old = self.current()
        same = old is not None and (old.files, old.digest, old.parent) == (known, digest, parent and parent.line)
        if old is not None and same and self._is_whole(old):
            return
        number = 1 + max([0, *(int(path.name.rpartition("-")[2]) for path in self._generations())])
        manifest = {
            "kind": "state",
            "format_version": STATE_VERSION,
            "stillwatch": __version__,
            "salt": mark_of(self._salt),
            "window_days": state.window_days,
            "parent": None if parent is None else parent.line,
            "input": digest,
            "files": known,
        }
        try:
            self._write(f"generation-{number:06}", manifest, files)
            self._clear()
        except OSError as wrong:
            msg = f"the state cannot be written to {self.path}: {wrong.strerror or type(wrong).__name__}"
            raise UnreadableSource(msg) from wrong

    def _is_whole(self, generation: Generation) -> bool:
        try:
            self.load(generation)
        except (UnreadableSource, IncompatibleVersion):
            return False
        return True

    def _write(self, name: str, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        folder = self.path / (name + _PARTIAL)
        folder.mkdir()
        for table, data in files.items():
            _flushed(folder / _file(table), data)
        text = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
        line = f"{name} {hashlib.sha256(text).hexdigest()}\n".encode()
        _flushed(folder / _MANIFEST, text)
        _flushed(folder / _CURRENT, line)
        _sync(folder)
        folder.rename(self.path / name)
        _sync(self.path)
        _flushed(self.path / (_CURRENT + _PARTIAL), line)
        os.replace(self.path / (_CURRENT + _PARTIAL), self.path / _CURRENT)  # noqa: PTH105 - one atomic step, by its name
        _sync(self.path)

    def _generations(self) -> list[Path]:
        return [path for path in self.path.glob("generation-*") if not path.name.endswith(_PARTIAL)]

    def _clear(self) -> None:
        """Remove whatever is neither the current generation nor the one it was made from."""
        for path in self.path.glob("*" + _PARTIAL):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        try:
            current = self.current()
        except (UnreadableSource, IncompatibleVersion):
            return
        kept = set() if current is None else {current.name, (current.parent or "").split(" ")[0]}
        for path in self._generations():
            if path.name not in kept:
                shutil.rmtree(path)

    def _generation(self, line: str) -> Generation:
        name, _, digest = line.partition(" ")
        path = self.path / name / _MANIFEST
        if not name.startswith("generation-") or not path.is_file() or "/" in name:
            msg = f"{self.path / _CURRENT} is damaged: it names no generation; {self._back(name)}"
            raise UnreadableSource(msg)
        data = _opened(path, MOST_MANIFEST_BYTES)
        if hashlib.sha256(data).hexdigest() != digest:
            msg = f"{path} is damaged: its checksum differs; {self._back(name)}"
            raise UnreadableSource(msg)
        if _opened(self.path / name / _CURRENT, 1024) != f"{line}\n".encode():
            msg = f"{self.path / name / _CURRENT} is damaged: its line differs; {self._back(name)}"
            raise UnreadableSource(msg)
        return self._checked(line, json.loads(data), path)

    def _checked(self, line: str, manifest: Mapping[str, Any], path: Path) -> Generation:
        version = manifest.get("format_version")
        if manifest.get("kind") != "state" or version != STATE_VERSION:
            msg = (
                f"{path} is a state of format {version!r}, this version reads {STATE_VERSION}; "
                f"scan with the version that wrote it ({manifest.get('stillwatch')}), {_ANEW}"
            )
            raise IncompatibleVersion(msg)
        if manifest["salt"] != mark_of(self._salt):
            msg = (
                f"{path} was written with another salt; scan where it was written, set STILLWATCH_SALT to its salt, "
                f"{_ANEW}"
            )
            raise IncompatibleVersion(msg)
        return Generation(line, manifest["parent"], manifest["input"], manifest["window_days"], manifest["files"])

    def _table(self, generation: Generation, name: str) -> pa.Table:
        path, known = self.path / generation.name / _file(name), generation.files[name]
        data = _opened(path, MOST_BYTES)
        if len(data) != known["bytes"] or hashlib.sha256(data).hexdigest() != known["sha256"]:
            msg = f"{path} is damaged: its checksum differs; {self._back(generation.name)}"
            raise UnreadableSource(msg)
        content = unsealed(data, name, self._salt)
        if content is None:
            msg = f"{path} is damaged: its seal is broken; {self._back(generation.name)}"
            raise UnreadableSource(msg)
        table = pa.ipc.open_stream(content).read_all().combine_chunks()
        if not table.schema.equals(TABLES.get(name, COUNT)):
            msg = f"{path} has other columns than this version writes; {self._back(generation.name)}"
            raise IncompatibleVersion(msg)
        return table

    def _back(self, name: str) -> str:
        """How to go on: back to another generation that is there, or anew."""
        others = sorted(p.name for p in self._generations() if p.name != name and (p / _CURRENT).is_file())
        if not others:
            return "restore the folder from a copy, " + _ANEW
        return f"to go back, copy {self.path / others[-1] / _CURRENT} over {self.path / _CURRENT}, {_ANEW}"


def _check(path: Path) -> None:
    """Refuse a folder that is something else.

    Raises  InvalidInput.
    """
    if path.exists() and not path.is_dir():
        msg = f"--state must be a folder, {path} is a file"
        raise InvalidInput(msg)
    if path.is_dir():
        names = {entry.name for entry in path.iterdir()}
        foreign = {name for name in names if name not in {_CURRENT, _LOCK, _MARKER} and not _ours(name)}
        if foreign or (names and _LOCK not in names):
            msg = f"--state must be an empty or new folder, or one with a state; {path} holds other files"
            raise InvalidInput(msg)


def _ours(name: str) -> bool:
    return name.startswith("generation-") or name == _CURRENT + _PARTIAL


def _file(name: str) -> str:
    return f"{name}.sealed"


def _encoded(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _opened(path: Path, most_bytes: int) -> bytes:
    try:
        if path.stat().st_size > most_bytes:
            msg = f"{path} is larger than {most_bytes:,} bytes"
            raise UnreadableSource(msg)
        return path.read_bytes()
    except FileNotFoundError as wrong:
        msg = f"{path} is missing; restore the folder from a copy, {_ANEW}"
        raise UnreadableSource(msg) from wrong
    except OSError as wrong:
        if isinstance(wrong, UnreadableSource):
            raise
        msg = f"{path} cannot be read: {wrong.strerror}"
        raise UnreadableSource(msg) from wrong


def _flushed(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
