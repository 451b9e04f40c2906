"""Keys that sign and keys that verify: Ed25519, named by their thumbprint.

References
----------
RFC 8032 (2017), Ed25519; RFC 8037 (2017), its JSON Web Key; RFC 7638 (2015), thumbprints.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = ["Keys", "SigningKey", "VerifyKey", "keys_of", "read_keys"]

_MOST_FILE_BYTES: Final = 1 << 20
_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077


class VerifyKey:
    """Public half of a key.

    >>> VerifyKey.of({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}).key_id
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
    """

    def __init__(self, key: OKPKey) -> None:
        self.raw: Final = key
        self.key_id: Final = key.thumbprint()

    @classmethod
    def of(cls, jwk: Mapping[str, Any]) -> Self:
        """Key of a public JSON Web Key.

        Raises      InvalidInput for another kind of key, or one with its private half.
        """
        if "d" in jwk:
            message = "a key to verify with must be public, got a private one"
            raise InvalidInput(message)
        return cls(_imported(jwk))

    def check(self, signature: bytes, data: bytes) -> None:
        """Hold a signature against bytes.

        Raises      InvalidSignature (of cryptography) when it is not of them.
        """
        public = self.raw.public_key
        assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - no other curve is imported
        public.verify(signature, data)

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether a bare signature is of these bytes.

        >>> key = SigningKey.generate()
        >>> key.verify_key.is_signed(b"a", key.sign(b"a")), key.verify_key.is_signed(b"b", key.sign(b"a"))
        (True, False)
        """
        try:
            self.check(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """Public JSON Web Key, only what the thumbprint is made of."""
        told: dict[str, Any] = self.raw.as_dict(private=False)
        return {name: str(told[name]) for name in ("crv", "kty", "x")}


class SigningKey:
    """Private key; nothing prints it.

    >>> key = SigningKey.generate()
    >>> key.key_id == key.verify_key.key_id
    True
    """

    def __init__(self, key: OKPKey) -> None:
        self.raw: Final = key
        self.verify_key: Final = VerifyKey(OKPKey.import_key(key.as_dict(private=False)))

    @property
    def key_id(self) -> str:
        """Thumbprint of the public half."""
        return self.verify_key.key_id

    def sign(self, data: bytes) -> bytes:
        """Signature of bytes, 64 of them."""
        private = self.raw.private_key
        assert isinstance(private, Ed25519PrivateKey)  # noqa: S101 - no other curve is imported
        return private.sign(data)

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's random numbers."""
        return cls(OKPKey.generate_key("Ed25519"))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Key that `save` wrote.

        Raises      UnreadableSource when the file is not there, damaged, or others may read it.
        """
        try:
            is_open = path.stat().st_mode & _OTHERS
            jwk = _read(path)
        except OSError as error:
            message = f"cannot read the key {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if is_open:
            message = f"nobody else may read a private key: chmod 600 {path}"
            raise UnreadableSource(message)
        if not isinstance(jwk.get("d"), str):
            message = f"{path} holds no private key"
            raise UnreadableSource(message)
        return cls(_imported(jwk))

    def save(self, path: Path) -> None:
        """Write the key where there is no file yet, for its owner only.

        Raises      InvalidInput when the file exists: a key that is overwritten is lost.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        except FileExistsError as error:
            message = f"a key must go to a new file, {path} exists"
            raise InvalidInput(message) from error
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.raw.as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())


Keys = Mapping[str, VerifyKey]
"""Keys by their id."""


def keys_of(keys: Iterable[VerifyKey]) -> Keys:
    """Keys by their id."""
    return {key.key_id: key for key in keys}


def read_keys(path: Path) -> Keys:
    """Public keys of a file: one JSON Web Key or a set of them (``{"keys": [...]}``).

    Raises      UnreadableSource when the file cannot be read; InvalidInput when a key in it cannot be used.
    """
    try:
        told = _read(path)
    except OSError as error:
        message = f"cannot read the keys {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    found = told["keys"] if isinstance(told.get("keys"), list) else [told]
    return keys_of(VerifyKey.of(jwk if isinstance(jwk, dict) else {}) for jwk in found)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(_MOST_FILE_BYTES + 1)
    try:
        return parse(data)
    except Refused as error:
        message = f"{path} must be a JSON Web Key, got {error.reason.value} JSON"
        raise UnreadableSource(message) from error


def _imported(jwk: Mapping[str, Any]) -> OKPKey:
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        message = "a key must be of type OKP and curve Ed25519"
        raise InvalidInput(message)
    kept = {name: jwk[name] for name in ("kty", "crv", "x", "d") if name in jwk}
    try:
        key = OKPKey.import_key(kept)
        key.raw_value  # noqa: B018 - the bytes are looked at here, not at first use
    except (JoseError, ValueError, TypeError, KeyError) as error:
        message = "a key of curve Ed25519 must have 32 bytes in base64url"
        raise InvalidInput(message) from error
    return key
