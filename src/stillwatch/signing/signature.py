"""Sign a document and verify it: a detached JSON Web Signature over canonical JSON.

The header holds the algorithm and the key's id, nothing else and always in one spelling, so that no header can ask the
reader for anything. ``Ed25519`` is the name of the algorithm; ``EdDSA`` is out of use.

References
----------
RFC 7515 (2015), JSON Web Signature, appendix F; RFC 9864 (2025), fully-specified algorithms.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import MOST_BYTES, canonical
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused

__all__ = ["ALGORITHM", "MEMBER", "sign", "signed", "verify", "verify_signed"]

ALGORITHM: Final = "Ed25519"
MEMBER: Final = "signature"
"""Member of a signed document that holds the signature of the rest."""
_MOST_SIGNATURE: Final = 512


class _Registry(jws.JWSRegistry):
    max_payload_length = 2 * MOST_BYTES  # base64 takes a third more


_REGISTRY: Final = _Registry(algorithms=[ALGORITHM])


def sign(document: object, key: SigningKey) -> str:
    """Detached signature of a document.

    Raises      InvalidInput when the document is no JSON that everybody reads alike.

    >>> key = SigningKey.generate()
    >>> verify({"a": 1}, sign({"a": 1}, key), {key.key_id: key.verify_key}) == key.key_id
    True
    """
    header = {"alg": ALGORITHM, "kid": key.key_id}
    whole = jws.serialize_compact(header, canonical(document), key.raw, registry=_REGISTRY)
    head, _, tail = whole.split(".")
    return f"{head}..{tail}"


def verify(document: object, signature: str, keys: Keys) -> str:
    """Id of the key that signed the document.

    keys        Who may sign.
    Raises      Refused: malformed, unknown-key or wrong-signature.
    """
    key_id, spelled = _key_id(signature)
    key = keys.get(key_id)
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY, f"no key {key_id} among the {len(keys)} that may sign")
    try:
        payload = canonical(document)
    except InvalidInput as error:
        raise Refused(Reason.MALFORMED, f"what is signed cannot be read: {error}") from error
    try:
        jws.deserialize_compact(spelled, key.raw, registry=_REGISTRY, payload=payload)
    except (JoseError, ValueError) as error:
        raise Refused(Reason.WRONG_SIGNATURE, f"the signature of key {key_id} does not fit the document") from error
    return key_id


def _key_id(signature: str) -> tuple[str, str]:
    """Key that a signature names, and the signature, which must be spelled as `sign` spells it."""
    wrong = "a signature must be a detached JWS of Ed25519 with the key's id and no other header"
    parts = signature.split(".") if len(signature) <= _MOST_SIGNATURE else []
    if len(parts) != 3 or parts[1] or not signature.isascii():
        raise Refused(Reason.MALFORMED, wrong)
    try:
        header = json.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError) as error:
        raise Refused(Reason.MALFORMED, wrong) from error
    key_id = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(key_id, str) or header != {"alg": ALGORITHM, "kid": key_id}:
        raise Refused(Reason.MALFORMED, wrong)
    return key_id, signature


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
