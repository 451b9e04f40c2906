"""From what a person names (files, folders, patterns, ``-``) to files that can be opened again and again."""

import glob
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ingest.streams import Damage, compression, open_stream
from stillwatch.model.reader import Source

__all__ = ["HEAD_BYTES", "MARKER", "STDIN", "File", "expand", "source_of"]

MARKER = ".stillwatch"
"""A folder with a file of this name was written by stillwatch (findings, truth) and is not taken for logs."""

STDIN = "-"
HEAD_BYTES = 64 * 1024
MAGIC_BYTES = 4


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read.

    name    As the user knows it.
    path    Where its bytes are: a spooled copy for standard input and pipes.
    size_bytes  On disk, compressed if it is.
    """

    name: str
    path: Path
    size_bytes: int


def expand(paths: Iterable[str | Path], spool: Path) -> list[File]:
    """Find all files that `paths` name, each once, in the order given; folders by name, all the way down.

    Names that begin with a dot and folders that stillwatch wrote itself are left out when a folder is walked.

    spool       Folder for a copy of standard input and of pipes, so that they can be read twice.
    Raises      UnreadableSource for what does not exist, cannot be opened, holds no file or links back to itself.
                InvalidInput if nothing is named, or a folder is stillwatch's own output.
    """
    files: dict[tuple[int, int], File] = {}
    named = [os.fspath(path) for path in paths]
    for name in named:
        for path in [name] if name == STDIN else _matches(name):
            for file in _files(path, spool):
                about = file.path.stat()
                files.setdefault((about.st_dev, about.st_ino), file)
    if not named:
        message = "no logs were named: give files, folders, patterns or - for standard input"
        raise InvalidInput(message)
    return list(files.values())


def _matches(name: str) -> list[str]:
    if os.path.lexists(name):
        return [name]
    if not glob.has_magic(name):
        message = f"{name} does not exist"
        raise UnreadableSource(message)
    found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - patterns may be absolute
    if not found:
        message = f"no file matches {name}"
        raise UnreadableSource(message)
    return found


def _files(name: str, spool: Path) -> Iterator[File]:
    if name == STDIN:
        yield _spooled(name, None, spool)
        return
    mode = _status(name).st_mode
    if stat.S_ISDIR(mode):
        yield from _walked(name)
    elif stat.S_ISREG(mode):
        yield _file(name)
    else:
        yield _spooled(name, Path(name), spool)


def _status(name: str) -> os.stat_result:
    try:
        return Path(name).stat()
    except OSError as error:
        message = f"{name} cannot be opened: {error.strerror}"
        raise UnreadableSource(message) from error


def _file(name: str) -> File:
    size = _status(name).st_size
    if not os.access(name, os.R_OK):
        message = f"{name} cannot be opened: Permission denied"
        raise UnreadableSource(message)
    return File(name, Path(name), size)


def _walked(folder: str) -> Iterator[File]:
    if (Path(folder) / MARKER).exists():
        message = (
            f"{folder} is stillwatch's own output ({MARKER} is in it), not logs; name single files to read it anyway"
        )
        raise InvalidInput(message)
    n_files = 0
    for file in _walk(folder, ()):
        n_files += 1
        yield file
    if not n_files:
        message = f"{folder} holds no files"
        raise UnreadableSource(message)


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[File]:
    about = _status(folder)
    here = (about.st_dev, about.st_ino)
    if here in above:
        message = f"{folder} is a link to a folder above it"
        raise UnreadableSource(message)
    for name in sorted(_listing(folder)):
        path = str(Path(folder) / name)
        mode = _status(path).st_mode
        if stat.S_ISDIR(mode) and not (Path(path) / MARKER).exists():
            yield from _walk(path, (*above, here))
        elif stat.S_ISREG(mode):
            yield _file(path)


def _listing(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - names, not paths
    except OSError as error:
        message = f"{folder} cannot be opened: {error.strerror}"
        raise UnreadableSource(message) from error


def _spooled(name: str, pipe: Path | None, spool: Path) -> File:
    """Copy standard input (`pipe` is None) or a pipe to a file."""
    copy = spool / f"spooled-{len(list(spool.glob('spooled-*')))}"
    try:
        with copy.open("wb") as out:
            if pipe is None:
                copyfileobj(sys.stdin.buffer, out)
            else:
                with pipe.open("rb") as stream:
                    copyfileobj(stream, out)
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}"
        raise UnreadableSource(message) from error
    return File(name, copy, copy.stat().st_size)


def source_of(file: File, on_position: Callable[[int], None] = lambda _: None) -> Source:
    """Open a file as a source: its compression found by its first bytes, its first 64 KiB inflated.

    on_position     Told how far the file on disk was read, bytes; readings of the head are not reported.
    Raises          UnreadableSource if it cannot be opened.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "x").write_bytes(b"hello")
    5
    >>> source_of(File("x", folder / "x", 5)).head
    b'hello'
    """
    try:
        with file.path.open("rb") as stream:
            kind = compression(stream.read(MAGIC_BYTES))
        head = _head(file.path, kind)
    except OSError as error:
        message = f"{file.name} cannot be opened: {error.strerror}"
        raise UnreadableSource(message) from error
    path = None if kind else str(file.path)
    return Source(file.name, lambda: open_stream(file.path, kind, on_position), head, path)


def _head(path: Path, kind: str | None) -> bytes:
    """First bytes of the content; what a damaged file still gives."""
    head = b""
    with open_stream(path, kind, lambda _: None) as stream:
        try:
            while len(head) < HEAD_BYTES and (more := stream.read1(HEAD_BYTES - len(head))):  # type: ignore[attr-defined]
                head += more
        except Damage:
            return head
    return head
