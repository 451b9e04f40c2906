"""The master secret of marks in a file that only its owner may read; every key is derived from it when it is needed."""

import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self, TypeVar

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.trace.keys.key import MASTER_BYTES, MarkKey, Purpose, derive

__all__ = ["KeyKeeper"]

T = TypeVar("T")

_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077


class KeyKeeper:
    """Derives keys; nothing prints the secret. Whoever reads the file can forge every mark of every epoch.

    >>> keeper = KeyKeeper(bytes(32))
    >>> keeper.key(Purpose.ACCOUNT, "acct-1", "2026-11") == derive(bytes(32), Purpose.ACCOUNT, "acct-1", "2026-11")
    True
    """

    def __init__(self, master: bytes) -> None:
        self._master = master

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new secret from the system's random numbers, in a new file.

        Raises      InvalidInput when the file exists: a secret that is overwritten is lost, and its marks with it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        except FileExistsError as error:
            message = f"the master secret must go to a new file, {path} exists"
            raise InvalidInput(message) from error
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(MASTER_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Secret of a file.

        Raises      MissingData when there is none; UnreadableSource when it is damaged, or others may read it.
        """
        try:
            with path.open("rb") as file:
                is_open = os.fstat(file.fileno()).st_mode & _OTHERS
                told = file.read(2 * MASTER_BYTES + 2).strip()
        except FileNotFoundError as error:
            message = f"there is no master secret {path}: stillwatch trace keys new makes one"
            raise MissingData(message) from error
        except OSError as error:
            message = f"cannot read the master secret {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if is_open:
            message = f"nobody else may read the master secret: chmod 600 {path}"
            raise UnreadableSource(message)
        try:
            master = bytes.fromhex(told.decode("ascii"))
        except ValueError:
            master = b""
        if len(master) != MASTER_BYTES:
            message = f"{path} must hold {MASTER_BYTES} bytes as hexadecimal digits"
            raise UnreadableSource(message)
        return cls(master)

    def key(self, purpose: Purpose, for_id: str, epoch: str) -> MarkKey:
        """Key of a purpose, an id and an epoch.

        Raises      InvalidInput for a name that is too long.
        """
        return derive(self._master, purpose, for_id, epoch)

    def keys(self, purpose: Purpose, ids: Iterable[str], epoch: str) -> list[MarkKey]:
        """Keys of many ids, in their order."""
        return [derive(self._master, purpose, one, epoch) for one in ids]

    def of_master(self, make: Callable[[bytes], T]) -> T:
        """What a function derives from the master secret by a tag of its own.

        >>> KeyKeeper(bytes(32)).of_master(len)
        32
        """
        return make(self._master)

    def decoys(self, like: MarkKey, count: int) -> list[MarkKey]:
        r"""Keys that are drawn as the real one and never used: for tests by rank.

        Their ids hold a line feed, which no account's does, so that none is ever a real key.

        >>> keeper = KeyKeeper(bytes(32))
        >>> len({key.secret for key in keeper.decoys(keeper.key(Purpose.CAMPAIGN, "c", "e"), 99)})
        99
        """
        return [derive(self._master, like.purpose, f"{like.for_id}\n{i}", like.epoch) for i in range(count)]
