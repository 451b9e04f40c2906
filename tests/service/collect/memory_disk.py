"""A disk in memory that forgets, at a power cut, what was not flushed, and that fails when it is told to."""

import errno
import random
from collections.abc import Callable
from pathlib import Path

SECTOR = 512


class PowerCut(BaseException):
    """The process is gone; what was promised to survive does."""


class MemoryDisk:
    """Counts what is done to it.

    before      Called with the number of each operation and its name; may raise OSError or PowerCut in its stead.
    """

    def __init__(self, chance: random.Random) -> None:
        self.files: dict[Path, bytes] = {}
        self.flushed: dict[Path, bytes] = {}
        self.n = 0
        self.before: Callable[[int, str], None] = lambda _n, _name: None
        self.free = 1 << 40
        self._chance = chance

    def step(self, name: str) -> None:
        """Count an operation, or fail."""
        self.n += 1
        self.before(self.n, name)

    def cut_power(self) -> None:
        """Lose what was not flushed: of a file any part of what was appended is there, sectors maybe empty."""
        for path, data in self.files.items():
            safe = self.flushed[path]
            if len(data) > len(safe):
                tail = bytearray(data[len(safe) : self._chance.randint(len(safe), len(data))])
                for start in range(0, len(tail), SECTOR):
                    if self._chance.random() < 0.3:
                        tail[start : start + SECTOR] = bytes(len(tail[start : start + SECTOR]))
                self.flushed[path] = safe + bytes(tail)
            elif self._chance.random() < 0.5:
                self.flushed[path] = data  # a cut that was on its way
        self.files = dict(self.flushed)

    def create(self, path: Path) -> "MemoryFile":
        self.step("create")
        if path in self.files:
            raise FileExistsError(errno.EEXIST, "exists")
        self.files[path] = self.flushed[path] = b""
        return MemoryFile(self, path)

    def install(self, path: Path, data: bytes) -> None:
        self.step("install")
        self.files[path] = self.flushed[path] = bytes(data)
        self.step("installed")

    def read(self, path: Path) -> bytes:
        self.step("read")
        return self.files[path]

    def size(self, path: Path) -> int:
        return len(self.files[path])

    def names(self, folder: Path) -> list[str]:
        return sorted({path.relative_to(folder).parts[0] for path in self.files if folder in path.parents})

    def remove(self, path: Path) -> None:
        self.step("remove")
        del self.files[path], self.flushed[path]
        self.step("removed")

    def remove_folder(self, folder: Path) -> None:
        """Folders are nothing here."""

    def free_bytes(self, _folder: Path) -> int:
        return self.free


class MemoryFile:
    """One of its files."""

    def __init__(self, disk: MemoryDisk, path: Path) -> None:
        self._disk, self._path = disk, path

    def append(self, data: bytes) -> None:
        half = len(data) // 2
        self._disk.files[self._path] += data[:half]
        self._disk.step("append")
        self._disk.files[self._path] += data[half:]

    def sync(self) -> None:
        self._disk.step("sync")
        self._disk.flushed[self._path] = self._disk.files[self._path]
        self._disk.step("synced")

    def truncate(self, size: int) -> None:
        self._disk.step("truncate")
        self._disk.files[self._path] = self._disk.files[self._path][:size]

    def close(self) -> None:
        """Nothing."""
