"""The few things that are done to files, so that a test can be the disk and fail, forget or fill up at each of them."""

import contextlib
import os
from pathlib import Path
from typing import Protocol

__all__ = ["Disk", "LogFile", "PosixDisk"]


class LogFile(Protocol):
    """A file that only grows."""

    def append(self, data: bytes, /) -> None:
        """Write all of `data` at the end, or raise OSError having written any part of it."""
        ...

    def sync(self) -> None:
        """Return once everything appended would survive a power cut."""
        ...

    def truncate(self, size: int, /) -> None:
        """Cut off everything after so many bytes."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class Disk(Protocol):
    """A file system; every method raises OSError."""

    def create(self, path: Path, /) -> LogFile:
        """Make a file that is not there; its name survives a power cut."""
        ...

    def install(self, path: Path, data: bytes, /) -> None:
        """Put a whole file there, in the place of another if there is one: readers see the one or the other."""
        ...

    def read(self, path: Path, /) -> bytes:
        """All of a file."""
        ...

    def size(self, path: Path, /) -> int:
        """Bytes of a file."""
        ...

    def names(self, folder: Path, /) -> list[str]:
        """Names in a folder, sorted; none when it is not there."""
        ...

    def remove(self, path: Path, /) -> None:
        """Remove a file that is there, for good."""
        ...

    def remove_folder(self, folder: Path, /) -> None:
        """Remove a folder when it is empty."""
        ...

    def free_bytes(self, folder: Path, /) -> int:
        """Space that is left."""
        ...


class _PosixFile:
    """A file descriptor that appends."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class PosixDisk:
    """The real one. Files are readable by their owner only: they hold what people have written."""

    def create(self, path: Path) -> LogFile:
        """Make a file that is not there."""
        _make_folders(path.parent)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _sync_folder(path.parent)
        except OSError:
            os.close(fd)
            raise
        return _PosixFile(fd)

    def install(self, path: Path, data: bytes) -> None:
        """Put a whole file there: another name, flushed, then renamed, then the folder flushed."""
        _make_folders(path.parent)
        partial = path.with_name(f".{path.name}.partial")
        file = _PosixFile(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        try:
            file.append(data)
            file.sync()
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        finally:
            file.close()
        partial.replace(path)
        _sync_folder(path.parent)

    def read(self, path: Path) -> bytes:
        """All of a file."""
        return path.read_bytes()

    def size(self, path: Path) -> int:
        """Bytes of a file."""
        return path.stat().st_size

    def names(self, folder: Path) -> list[str]:
        """Names in a folder, sorted."""
        try:
            return sorted(entry.name for entry in folder.iterdir())
        except FileNotFoundError:
            return []

    def remove(self, path: Path) -> None:
        """Remove a file for good."""
        path.unlink()
        _sync_folder(path.parent)

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder when it is empty."""
        with contextlib.suppress(OSError):
            folder.rmdir()

    def free_bytes(self, folder: Path) -> int:
        """Space that is left to this user."""
        told = os.statvfs(folder)
        return told.f_bavail * told.f_frsize


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, so that their names survive a power cut."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
