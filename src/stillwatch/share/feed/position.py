"""Where a reader is: remembered outside of the process, so that nothing is read twice or left out."""

import os
from pathlib import Path
from typing import Protocol

__all__ = ["FilePosition", "MemoryPosition", "Position"]


class Position(Protocol):
    """Where a reader is.

    Whoever writes what it reads into a database does best to save the place in the same transaction.
    """

    def load(self) -> str | None:
        """Last place; None: none yet."""

    def save(self, place: str) -> None:
        """Remember a place."""


class MemoryPosition:
    """A place that ends with the process.

    >>> position = MemoryPosition("here")
    >>> position.save("there")
    >>> position.load()
    'there'
    """

    def __init__(self, place: str | None = None) -> None:
        self._place = place

    def load(self) -> str | None:
        """Last place."""
        return self._place

    def save(self, place: str) -> None:
        """Remember a place."""
        self._place = place


class FilePosition:
    """A place in a file, which is never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """Last place; None when there is no file."""
        try:
            return self._path.read_text() or None
        except FileNotFoundError:
            return None

    def save(self, place: str) -> None:
        """Remember a place, on the disk before this returns."""
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("w") as file:
            file.write(place)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
