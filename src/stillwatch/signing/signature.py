"""Sign a document and verify it: a detached JSON Web Signature over canonical JSON.

The header holds the algorithm and the key's id, nothing else and always in one spelling, so that no header can ask the
reader for anything. ``Ed25519`` is the name of the algorithm; ``EdDSA`` is out of use.

References
----------
RFC 7515 (2015), JSON Web Signature, appendix F; RFC 9864 (2025), fully-specified algorithms.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import canonical
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused

__all__ = ["ALGORITHM", "MEMBER", "sign", "signed", "verify", "verify_signed"]

ALGORITHM: Final = "Ed25519"
MEMBER: Final = "signature"
"""Member of a signed document that holds the signature of the rest."""
_MOST_SIGNATURE: Final = 512


def sign(document: object, key: SigningKey) -> str:
    """Detached signature of a document.

    Raises      InvalidInput when the document is no JSON that everybody reads alike.

    >>> key = SigningKey.generate()
    >>> verify({"a": 1}, sign({"a": 1}, key), {key.key_id: key.verify_key}) == key.key_id
    True
    """
    head = _encoded(json.dumps({"alg": ALGORITHM, "kid": key.key_id}, separators=(",", ":")).encode())
    tail = _encoded(key.sign(head + b"." + _encoded(canonical(document))))
    return f"{head.decode()}..{tail.decode()}"


def verify(document: object, signature: str, keys: Keys) -> str:
    """Id of the key that signed the document.

    keys        Who may sign.
    Raises      Refused: malformed, unknown-key or wrong-signature.
    """
    head, _, tail = signature.partition("..")
    key_id = _key_id(signature)
    key = keys.get(key_id)
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY, f"no key {key_id} among the {len(keys)} that may sign")
    try:
        payload = canonical(document)
    except InvalidInput as error:
        raise Refused(Reason.MALFORMED, f"what is signed cannot be read: {error}") from error
    try:
        key.check(_decoded(tail), head.encode() + b"." + _encoded(payload))
    except (InvalidSignature, ValueError) as error:
        raise Refused(Reason.WRONG_SIGNATURE, f"the signature of key {key_id} does not fit the document") from error
    return key_id


@lru_cache(maxsize=1024)
def _key_of(head: str) -> str | None:
    """Key that a header names; None for a header that is not as `sign` writes it."""
    try:
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return None
    key_id = header.get("kid") if isinstance(header, dict) else None
    return key_id if isinstance(key_id, str) and header == {"alg": ALGORITHM, "kid": key_id} else None


def _key_id(signature: str) -> str:
    """Key that a signature names."""
    parts = signature.split(".") if len(signature) <= _MOST_SIGNATURE else []
    found = _key_of(parts[0]) if len(parts) == 3 and not parts[1] and signature.isascii() else None
    if found is None:
        message = "a signature must be a detached JWS of Ed25519 with the key's id and no other header"
        raise Refused(Reason.MALFORMED, message)
    return found


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    """Bytes of base64url.

    Raises      ValueError unless this is their one spelling.
    """
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(data) != text.encode():
        message = "base64url in another spelling"
        raise ValueError(message)
    return data


def signed(document: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
    """Document with the signature of everything else in it.

    >>> key = SigningKey.generate()
    >>> verify_signed(signed({"a": 1}, key), {key.key_id: key.verify_key}) == key.key_id
    True
    """
    bare = {name: value for name, value in document.items() if name != MEMBER}
    return {**bare, MEMBER: sign(bare, key)}


def verify_signed(document: Mapping[str, Any], keys: Keys) -> str:
    """Id of the key that signed everything in a document but its signature.

    Raises      Refused: as `verify`, or unsigned.
    """
    signature = document.get(MEMBER)
    if not isinstance(signature, str) or not signature:
        raise Refused(Reason.UNSIGNED, "the document carries no signature")
    return verify({name: value for name, value in document.items() if name != MEMBER}, signature, keys)
