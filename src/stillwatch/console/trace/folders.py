"""Folders that the service did not write: listed and read without ever leaving them, and never more than a bound."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from stillwatch.errors import MissingData, UnreadableSource

__all__ = ["MOST_FOLDERS", "Place", "names_in", "places_in", "read_listed", "read_part"]

MOST_FOLDERS: Final = 10_000
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Place(NamedTuple):
    """A folder that holds a file of some name.

    mark        Time of its last change in nanoseconds, its size and its number: another file has another one.
    is_file     False for a link or anything else, which is not read.
    """

    name: str
    mark: tuple[int, int, int]
    is_file: bool

    @property
    def changed_at(self) -> datetime:
        """When the file was."""
        return datetime.fromtimestamp(self.mark[0] / 1e9, UTC)

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return self.mark[1]

    @property
    def is_named(self) -> bool:
        """Whether its name can stand in an address."""
        return self.name.isprintable()


def names_in(base: Path) -> list[str]:
    """Names of folders, links left out.

    Raises      UnreadableSource when the folder cannot be looked at.
    """
    try:
        with os.scandir(base) as entries:
            return [one.name for one in islice(entries, MOST_FOLDERS) if one.is_dir(follow_symlinks=False)]
    except OSError as error:
        message = f"cannot look into {base}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error


def places_in(base: Path, part: str) -> list[Place]:
    """Folders that hold that file, the last one changed first.

    Raises      UnreadableSource when the folder cannot be looked at.
    """
    at = str(base)
    found = [place for name in names_in(base) if (place := _place(at, name, part)) is not None]
    return sorted(found, key=lambda one: (-one.mark[0], one.name))


def read_part(base: Path, name: str, part: str, most: int) -> bytes:
    """A file of one of the folders.

    name        As `names_in` lists it; anything else is no folder of ours.
    most        Bytes.
    Raises      MissingData when there is no such folder or file; UnreadableSource when it is a link, or larger.
    """
    if name not in names_in(base):
        message = "there is no such folder"
        raise MissingData(message)
    return read_listed(base, name, part, most)


def read_listed(base: Path, name: str, part: str, most: int) -> bytes:
    """The same for a name that comes from the listing itself, and from nowhere else."""
    try:
        with _opened(base, _FOLDER) as outer, _opened(name, _FOLDER | os.O_NOFOLLOW, outer) as inner:
            descriptor = os.open(part, _FILE, dir_fd=inner)
            with os.fdopen(descriptor, "rb") as file:
                is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
                data = file.read(most + 1) if is_file else b""
    except FileNotFoundError as error:
        message = f"there is no {part}"
        raise MissingData(message) from error
    except OSError as error:
        message = f"{part} cannot be read: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if not is_file:
        message = f"{part} is no plain file"
        raise UnreadableSource(message)
    if len(data) > most:
        message = f"{part} is larger than {most >> 20:,} MiB"
        raise UnreadableSource(message)
    return data


@contextmanager
def _opened(path: Path | str, flags: int, within: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _place(base: str, name: str, part: str) -> Place | None:
    try:
        told = os.stat(f"{base}/{name}/{part}", follow_symlinks=False)  # noqa: PTH116 - ten thousand paths take longer
    except OSError:
        return None
    return Place(name, (told.st_mtime_ns, told.st_size, told.st_ino), stat.S_ISREG(told.st_mode))
