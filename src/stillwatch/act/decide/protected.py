"""Accounts and organisations that nothing beyond observe is done to: a file that the operator keeps."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["Protected", "read_protected"]

_MOST_BYTES: Final = 16 << 20
_MOST_CHARACTERS: Final = 256


def read_protected(path: Path) -> frozenset[str]:
    """Ids of a file, one a line; empty lines and what follows a ``#`` at the start of a line are left out.

    Raises      UnreadableSource when it cannot be read; InvalidInput when it is no such list.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read the protected accounts {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(data) > _MOST_BYTES:
        message = f"a list of protected accounts must have at most {_MOST_BYTES} bytes ({path})"
        raise InvalidInput(message)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        message = f"a list of protected accounts must be UTF-8, byte {error.start} is not ({path})"
        raise InvalidInput(message) from error
    wrong = [n for n, line in enumerate(lines, 1) if len(line) > _MOST_CHARACTERS]
    if wrong:
        message = f"an id must have at most {_MOST_CHARACTERS} characters ({path}:{wrong[0]})"
        raise InvalidInput(message)
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


class Protected:
    """The list, read again when the file changes; while it cannot be read the last good one holds.

    stored      How an id is stored where ids may be secrets; an id of the list is found by both spellings.
    problem     What is wrong with the file now; None when it is read.
    """

    def __init__(self, path: Path | None = None, stored: Callable[[str], str] = str) -> None:
        self._path, self._stored = path, stored
        self._mark: tuple[int, int, int] | None = None
        self._ids: frozenset[str] = frozenset()
        self.problem: str | None = None
        if path is not None:
            self._mark = _mark(path) if path.is_file() else None
            self._ids = self._read(path)

    def _read(self, path: Path) -> frozenset[str]:
        listed = read_protected(path)
        return listed | {self._stored(one) for one in listed}

    def __len__(self) -> int:
        """Ids on the list, in each spelling."""
        return len(self._ids)

    def holds(self, account_id: str, organisation_id: str | None) -> bool:
        """Whether an account or its organisation is on the list."""
        return account_id in self._ids or organisation_id in self._ids

    def refresh(self) -> None:
        """Read the file again when it has changed."""
        if self._path is None:
            return
        try:
            mark = _mark(self._path)
            if mark != self._mark or self.problem:
                self._ids, self._mark = self._read(self._path), mark
            self.problem = None
        except OSError as error:
            self.problem = str(error) if isinstance(error, UnreadableSource) else f"{self._path} is not there"
        except InvalidInput as error:
            self.problem = str(error)


def _mark(path: Path) -> tuple[int, int, int]:
    told = path.stat()
    return told.st_mtime_ns, told.st_size, told.st_ino
