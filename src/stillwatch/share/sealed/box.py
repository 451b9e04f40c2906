"""Seal a message to one key, in parts that are each authentic and of which none can be left out or change places.

::

    key       HKDF-SHA256(X25519(a fresh key, the reader's), info = label, head, the reader's key, context)
    part i    ChaCha20-Poly1305(key, nonce = i as 11 bytes, then 1 for the last part and 0 for the others)
    head      "SWSB", version 1 (1 byte), id of the reader's key (32), the fresh key (32); before the first part

Who sealed is not proved by the box: what is inside carries a signature that names its reader.

References
----------
RFC 7748 (2016), X25519; RFC 5869 (2010), HKDF; RFC 8439 (2018), ChaCha20-Poly1305.
Hoang, Reyhanitabar, Rogaway and Vizar (2015), Online authenticated-encryption and its nonce-reuse misuse-resistance,
CRYPTO, section 7: the construction STREAM.
"""

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.sealed.keys import KEY_BYTES, SealingKey, SealingPublic

__all__ = ["PART_BYTES", "sealed", "unsealed"]

PART_BYTES: Final = 1 << 20
"""Most bytes of a sealed part."""
_LABEL: Final = b"stillwatch-sealed-v1"
_MAGIC: Final = b"SWSB\x01"
_HEAD_BYTES: Final = len(_MAGIC) + 2 * KEY_BYTES
_TAG_BYTES: Final = 16
_PIECE: Final = PART_BYTES - _HEAD_BYTES - _TAG_BYTES
"""Plain bytes of a part."""


def sealed(data: bytes, reader: SealingPublic, context: bytes) -> list[bytes]:
    """Parts of a sealed message, of at most `PART_BYTES` each.

    context     What the message belongs to; it opens under no other.
    Raises      InvalidInput for a reader's key that is none.

    >>> key = SealingKey.generate()
    >>> unsealed(sealed(b"words", key.public, b"search 1"), key, b"search 1")
    b'words'
    """
    fresh = X25519PrivateKey.generate()
    head = _MAGIC + reader.key_id + fresh.public_key().public_bytes_raw()
    try:
        cipher = _cipher(fresh.exchange(reader.raw), head, reader, context)
    except ValueError as error:
        message = "the reader's key is no key that anything can be sealed to"
        raise InvalidInput(message) from error
    pieces = [data[at : at + _PIECE] for at in range(0, max(len(data), 1), _PIECE)]
    parts = [cipher.encrypt(_nonce(i, i == len(pieces) - 1), piece, None) for i, piece in enumerate(pieces)]
    return [head + parts[0], *parts[1:]]


def unsealed(parts: Sequence[bytes], key: SealingKey, context: bytes) -> bytes:
    """What was sealed.

    Raises      FailedProof when it was sealed to another key or context, or anything of it was changed on the way.
    """
    first = parts[0] if parts else b""
    head, rest = first[:_HEAD_BYTES], [first[_HEAD_BYTES:], *parts[1:]]
    if len(head) != _HEAD_BYTES or not head.startswith(_MAGIC):
        message = "a sealed message has no head: it was changed on the way"
        raise FailedProof(message)
    if not compare_digest(head[len(_MAGIC) : -KEY_BYTES], key.public.key_id):
        message = "a message was sealed to another key than this node's"
        raise FailedProof(message)
    try:
        shared = key.raw.exchange(X25519PublicKey.from_public_bytes(head[-KEY_BYTES:]))
        cipher = _cipher(shared, head, key.public, context)
        pieces = [cipher.decrypt(_nonce(i, i == len(rest) - 1), part, None) for i, part in enumerate(rest)]
    except (InvalidTag, ValueError) as error:
        message = "a sealed message does not open: it was changed on the way, cut off, or belongs to another search"
        raise FailedProof(message) from error
    return b"".join(pieces)


def _cipher(shared: bytes, head: bytes, reader: SealingPublic, context: bytes) -> ChaCha20Poly1305:
    info = _LABEL + head + reader.data + context
    return ChaCha20Poly1305(HKDF(SHA256(), 32, None, info).derive(shared))


def _nonce(number: int, is_last: bool) -> bytes:  # noqa: FBT001 - private, two places
    return number.to_bytes(11, "big") + bytes([is_last])
