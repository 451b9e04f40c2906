"""An evaluator's keys, one for each epoch, in a file that only its owner reads; old ones are destroyed."""

import fcntl
import json
import os
import re
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stillwatch.errors import IncompatibleVersion, InvalidInput, UnreadableSource
from stillwatch.share.oprf.keys import KeyPair, key_pair, new_key_pair
from stillwatch.share.tags.epochs import EPOCH_DAYS, epoch_end, epoch_of, epoch_start

__all__ = ["GRACE_DAYS", "Keyring"]

GRACE_DAYS: Final = 2
_VERSION: Final = 1
_LARGEST: Final = 1 << 20
_KEY: Final = re.compile(r"[0-9a-f]{64}")


class Keyring:
    """Keys by epoch: those that are alive, and the next one, whose public key members can pin beforehand.

    Keys are drawn at random, none from another, so that a destroyed one is gone: its bytes are overwritten in place
    after the file without it is on disk. (A file system that keeps old blocks, or a backup, may still have them.)

    path        File, apart from the database; made with mode 0600 if it is not there. One process at a time holds it.
    days        Length of an epoch; both evaluators must have the same.
    grace_days  How long after its epoch a key answers.
    Raises      UnreadableSource if others may read the file, another process holds it, or it is damaged;
                IncompatibleVersion for one of another version; InvalidInput if its epochs have another length.
    """

    def __init__(self, path: Path, days: int = EPOCH_DAYS, grace_days: int = GRACE_DAYS) -> None:
        if not 0 <= grace_days <= 366:
            message = f"the grace of a key must be 0 to 366 days, got {grace_days}"
            raise InvalidInput(message)
        epoch_start(0, days)
        self._path, self.days, self._grace = path, days, timedelta(days=grace_days)
        self._mutex = threading.Lock()
        self._lock = _locked(path)
        try:
            self._keys = self._read() if path.exists() else {}
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let another process hold the file."""
        self.close()

    def close(self) -> None:
        """Let another process hold the file."""
        os.close(self._lock)

    def rotate(self, now: datetime) -> tuple[int, ...]:
        """Draw the keys of this epoch and the next where they are missing, and destroy those past their grace.

        Gives       Epochs whose keys were destroyed.
        """
        current = epoch_of(now, self.days)
        with self._mutex:
            gone = tuple(epoch for epoch in self._keys if self._is_over(epoch, now))
            new = [epoch for epoch in (current, current + 1) if epoch not in self._keys]
            if gone or new:
                kept = {epoch: key for epoch, key in self._keys.items() if epoch not in gone}
                kept |= {epoch: new_key_pair() for epoch in new}
                self._write(kept)
                self._keys = kept
        return gone

    def key(self, epoch: int, now: datetime) -> KeyPair | None:
        """Key to evaluate with; None before its epoch begins and after its grace."""
        self.rotate(now)
        begun = epoch <= epoch_of(now, self.days)
        return self._keys.get(epoch) if begun else None

    def publics(self, now: datetime) -> dict[int, bytes]:
        """Public keys of the epochs that are alive and of the next."""
        self.rotate(now)
        return {epoch: key.public for epoch, key in sorted(self._keys.items())}

    def _is_over(self, epoch: int, now: datetime) -> bool:
        return epoch_end(epoch, self.days) + self._grace <= now.astimezone(UTC)

    def _read(self) -> dict[int, KeyPair]:
        if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            message = f"{self._path} holds secret keys and others may read it: chmod 600"
            raise UnreadableSource(message)
        try:
            with self._path.open("rb") as file:
                held: Any = json.loads(file.read(_LARGEST))
            version, days, keys = held["version"], held["days"], held["keys"]
            if version != _VERSION:
                message = f"{self._path} must be of version {_VERSION}, got {version}"
                raise IncompatibleVersion(message)
            found = {int(epoch): key_pair(_secret(text)) for epoch, text in keys.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, IncompatibleVersion):
                raise
            message = f"{self._path} is no file of an evaluator's keys, or damaged"
            raise UnreadableSource(message) from None
        if days != self.days:
            message = f"{self._path} was made for epochs of {days} days, got {self.days}"
            raise InvalidInput(message)
        return found

    def _write(self, keys: dict[int, KeyPair]) -> None:
        """Replace the file as a whole, then overwrite what it held."""
        held = {str(epoch): key.secret.hex() for epoch, key in sorted(keys.items())}
        data = json.dumps({"version": _VERSION, "days": self.days, "keys": held}).encode()
        beside = self._path.with_name(f".{self._path.name}.new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        old = self._path.open("r+b") if self._path.exists() else None
        beside.replace(self._path)
        _sync_folder(self._path.parent)
        if old is not None:
            with old:
                old.write(bytes(os.fstat(old.fileno()).st_size))
                old.flush()
                os.fsync(old.fileno())


def _secret(text: object) -> bytes:
    if not isinstance(text, str) or not _KEY.fullmatch(text):
        raise TypeError
    return bytes.fromhex(text)


def _locked(path: Path) -> int:
    """Descriptor that holds the lock beside the file."""
    try:
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"cannot open the keys at {path}: {error.strerror}"
        raise UnreadableSource(message) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        message = f"another process holds the keys at {path}"
        raise UnreadableSource(message) from error
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
