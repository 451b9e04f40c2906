"""Files that only this installation can read, and that show any change: keyed with its salt.

Hashes of prompts and networks can be guessed at by whoever has them and knows how they are made; so the files of a
state are sealed. Equal content gives equal files. The construction is that of a synthetic initialisation vector: a
keyed hash of the content is its tag, and the stream that hides the content is drawn from key, name and tag.

It is put together here from BLAKE2b and SHAKE256 of the standard library, each used as the keyed function that it is
meant to be, because AES-SIV and AES-GCM-SIV would cost the core an eleventh dependency (``cryptography``: 16 MB, a
tenth of a second at start) and take at most 2 GiB at once. They would be two to three times as fast, which a scan does
not notice; the exchange between members, which has ``cryptography`` anyway, seals nothing with this.

References
----------
Rogaway and Shrimpton (2006), A provable-security treatment of the key-wrap problem, EUROCRYPT (SIV).
FIPS 202 (2015), SHA-3 standard: permutation-based hash and extendable-output functions (SHAKE256).
"""

import hashlib
import hmac
from typing import Final

import numpy as np

__all__ = ["TAG_BYTES", "mark_of", "sealed", "unsealed"]

TAG_BYTES: Final = 32
_CHUNK: Final = 64 << 20


def sealed(data: bytes, name: str, salt: bytes) -> bytes:
    """Tag and hidden content of the file of that name.

    >>> unsealed(sealed(b"content", "name", b"salt"), "name", b"salt")
    b'content'
    """
    tag = _tag(data, name, salt)
    return tag + _hidden(data, name, salt, tag)


def unsealed(data: bytes, name: str, salt: bytes) -> bytes | None:
    """Content of a sealed file, None when it was made with another salt or name, or was changed."""
    tag, hidden = data[:TAG_BYTES], data[TAG_BYTES:]
    content = _hidden(hidden, name, salt, tag)
    return content if hmac.compare_digest(tag, _tag(content, name, salt)) else None


def mark_of(salt: bytes) -> str:
    """Eight bytes that tell salts apart and give none away."""
    return hashlib.blake2b(b"which salt", key=_key(salt, b"mark"), digest_size=8).hexdigest()


def _key(salt: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(salt, digest_size=32, person=b"stillwatch-state"[:16], salt=use).digest()


def _tag(data: bytes, name: str, salt: bytes) -> bytes:
    start = hashlib.blake2b(key=_key(salt, b"tag"), digest_size=TAG_BYTES)
    start.update(name.encode() + b"\0")
    start.update(data)
    return start.digest()


def _hidden(data: bytes, name: str, salt: bytes, tag: bytes) -> bytes:
    start = _key(salt, b"stream") + tag + name.encode() + b"\0"
    parts = []
    for number, at in enumerate(range(0, len(data), _CHUNK)):
        part = np.frombuffer(data, np.uint8, min(_CHUNK, len(data) - at), at)
        stream = hashlib.shake_256(start + number.to_bytes(8, "little")).digest(len(part))
        parts.append((part ^ np.frombuffer(stream, np.uint8)).tobytes())
    return b"".join(parts)
