"""Keys that messages are sealed to: X25519, published under the signing key of the member they belong to.

References
----------
RFC 7748 (2016), Elliptic curves for security.
"""

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import MEMBER, signed, verify_signed
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["KEY_BYTES", "SealingKey", "SealingPublic", "publication", "published_key"]

KEY_BYTES: Final = 32
_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077
_USE: Final = "sealing"
_MEMBERS: Final = ("created", "key", "member", "use")


class SealingPublic:
    """Public half: whoever has it can seal.

    Raises      InvalidInput for another length.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) != KEY_BYTES:
            message = f"a key to seal with must have {KEY_BYTES} bytes, got {len(data)}"
            raise InvalidInput(message)
        self.data: Final = data
        self.raw: Final = X25519PublicKey.from_public_bytes(data)

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the key."""
        return hashlib.sha256(self.data).digest()


class SealingKey:
    """Private half; nothing prints it."""

    def __init__(self, raw: X25519PrivateKey) -> None:
        self.raw: Final = raw
        self.public: Final = SealingPublic(raw.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's random numbers."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Key that `save` wrote.

        Raises      UnreadableSource when the file is not there, damaged, or others may read it.
        """
        try:
            is_open = path.stat().st_mode & _OTHERS
            with path.open("rb") as file:
                data = file.read(KEY_BYTES + 1)
        except OSError as error:
            message = f"cannot read the key {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if is_open or len(data) != KEY_BYTES:
            message = f"{path} must hold {KEY_BYTES} bytes that nobody else may read: chmod 600"
            raise UnreadableSource(message)
        return cls(X25519PrivateKey.from_private_bytes(data))

    def save(self, path: Path) -> None:
        """Write the key where there is no file yet, for its owner only.

        Raises      InvalidInput when the file exists.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        except FileExistsError as error:
            message = f"a key must go to a new file, {path} exists"
            raise InvalidInput(message) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.raw.private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())


def publication(key: SealingPublic, member_id: str, signing: SigningKey, now: datetime) -> dict[str, Any]:
    """What a member publishes of its key, signed, so that no forum can put another in its place.

    >>> from datetime import UTC
    >>> signing, key = SigningKey.generate(), SealingKey.generate().public
    >>> told = publication(key, "7f3a", signing, datetime(2026, 11, 27, tzinfo=UTC))
    >>> published_key(told, "7f3a", {signing.key_id: signing.verify_key}).data == key.data
    True
    """
    return signed({"created": stamp(now), "key": key.data.hex(), "member": member_id, "use": _USE}, signing)


def published_key(document: Mapping[str, Any], member_id: str, keys: Keys) -> SealingPublic:
    """Key that a member has published.

    keys        Who may sign for the member.
    Raises      Refused: malformed, unsigned, unknown-key, wrong-signature, or of another member.
    """
    fits = document.keys() == {*_MEMBERS, MEMBER} and all(isinstance(document[name], str) for name in _MEMBERS)
    if not fits or document["use"] != _USE:
        raise Refused(Reason.MALFORMED, f"a published key must have exactly the members {', '.join(_MEMBERS)}")
    try:
        key = SealingPublic(bytes.fromhex(document["key"]))
        time_of(document["created"])
    except ValueError as error:  # InvalidInput too
        raise Refused(Reason.MALFORMED, "a published key must be 32 bytes in hexadecimal, with its time") from error
    if document["member"] != member_id:
        raise Refused(Reason.WRONG_AUDIENCE, "the key was published by another member")
    verify_signed(document, keys)
    return key
