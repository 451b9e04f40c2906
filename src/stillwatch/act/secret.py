"""The service's secret: 256 random bits in a file that only the service may read, for links, forms and salts."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final, Self

from stillwatch.errors import UnreadableSource

__all__ = ["MAC_BYTES", "ServiceSecret"]

MAC_BYTES: Final = 32
_KEY_BYTES: Final = 32
_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077


class ServiceSecret:
    """Authenticates bytes, each use apart from the others; nothing prints it.

    References  RFC 2104 (1997), HMAC; FIPS 198-1 (2008).

    >>> secret = ServiceSecret(bytes(32))
    >>> mac = secret.mac("link", b"a")
    >>> secret.is_of("link", b"a", mac), secret.is_of("form", b"a", mac)
    (True, False)
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def open(cls, path: Path) -> Self:
        """Secret of a file; it is made where there is none yet.

        Raises      UnreadableSource when it cannot be read or made, is damaged, or others may read it.
        """
        try:
            _make(path)
            with path.open("rb") as file:
                is_open = os.fstat(file.fileno()).st_mode & _OTHERS
                told = file.read(2 * _KEY_BYTES + 2).strip()
        except OSError as error:
            message = f"cannot read the secret {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if is_open:
            message = f"nobody else may read the secret: chmod 600 {path}"
            raise UnreadableSource(message)
        try:
            secret = bytes.fromhex(told.decode("ascii"))
        except ValueError:
            secret = b""
        if len(secret) != _KEY_BYTES:
            message = f"{path} must hold {_KEY_BYTES} bytes as hexadecimal digits"
            raise UnreadableSource(message)
        return cls(secret)

    def mac(self, use: str, data: bytes) -> bytes:
        """Code of 32 bytes over data, for one use.

        use     What it is for; a code of one use is worth nothing for another.
        """
        return hmac.new(self._secret, use.encode() + b"\0" + data, hashlib.sha256).digest()

    def is_of(self, use: str, data: bytes, mac: bytes) -> bool:
        """Whether a code is of the data; it takes the same time whatever is wrong with it."""
        return hmac.compare_digest(self.mac(use, data), mac)


def _make(path: Path) -> None:
    """Write a fresh secret where there is no file: whole, or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(waiting, path)
        except FileExistsError:
            return  # another process was first: its secret counts
    finally:
        waiting.unlink()
