"""Hash bytes to elements and scalars, apart for every use.

References
----------
RFC 9380 (2023), Hashing to elliptic curves, section 5.3.1 and appendix B.
RFC 9497 (2023), Oblivious pseudorandom functions using prime-order groups, sections 3.1 and 4.1.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf.group import from_uniform, scalar_reduce

__all__ = ["BASE", "VERIFIABLE", "Context", "expand_message", "framed", "hash_to_group", "hash_to_scalar"]

_BLOCK: Final = 128
_DIGEST: Final = 64
_PADDED: Final = hashlib.sha512(bytes(_BLOCK))
"""SHA-512 after one block of zeros, where every expansion begins."""


@dataclass(frozen=True, slots=True)
class Context:
    """Domain separation tags of one mode of the protocol."""

    group: bytes
    scalar: bytes
    seed: bytes
    key: bytes


def _context(mode: int) -> Context:
    """Tags of a mode of ristretto255-SHA512."""
    name = b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"
    return Context(b"HashToGroup-" + name, b"HashToScalar-" + name, b"Seed-" + name, b"DeriveKeyPair" + name)


BASE: Final = _context(0)
"""The evaluator is believed."""
VERIFIABLE: Final = _context(1)
"""The evaluator proves that it used the key it published."""


def framed(data: bytes) -> bytes:
    """Two bytes of length, then the data."""
    return len(data).to_bytes(2, "big") + data


def expand_message(message: bytes, tag: bytes, size: int) -> bytes:
    """Uniform bytes from a message (expand_message_xmd with SHA-512).

    tag         Domain separation tag, 1 to 255 bytes.
    size        Bytes wanted, at most 255 digests.
    Raises      InvalidInput beyond these bounds.

    >>> expand_message(b"abc", b"QUUX-V01-CS02-with-expander-SHA512-256", 32).hex()[:16]
    '0da749f12fbe5483'
    """
    n_digests = -(-size // _DIGEST)
    if not 0 < len(tag) <= 255 or not 0 < n_digests <= 255:
        problem = f"a tag must be 1 to 255 bytes and the size 1 to {255 * _DIGEST}, got {len(tag)} and {size}"
        raise InvalidInput(problem)
    suffix = tag + bytes([len(tag)])
    state = _PADDED.copy()
    state.update(message + size.to_bytes(2, "big") + b"\0" + suffix)
    first = state.digest()
    digest = hashlib.sha512(first + b"\1" + suffix).digest()
    found = digest
    for i in range(2, n_digests + 1):
        mixed = bytes(a ^ b for a, b in zip(first, digest, strict=True))
        digest = hashlib.sha512(mixed + bytes([i]) + suffix).digest()
        found += digest
    return found[:size]


def hash_to_group(data: bytes, tag: bytes) -> bytes:
    """Element whose discrete logarithm nobody knows."""
    return from_uniform(expand_message(data, tag, 64))


def hash_to_scalar(data: bytes, tag: bytes) -> bytes:
    """Scalar, uniform but for 2^-252."""
    return scalar_reduce(expand_message(data, tag, 64))
