"""Proof that one key evaluated a whole batch: equality of discrete logarithms, Fiat-Shamir.

References
----------
RFC 9497 (2023), section 2.2.
Chaum and Pedersen (1992), Wallet databases with observers, CRYPTO.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf.group import (
    SCALAR_BYTES,
    add,
    is_scalar,
    multiply,
    multiply_generator,
    random_scalar,
    scalar_multiply,
    scalar_subtract,
)
from stillwatch.share.oprf.hashing import VERIFIABLE, Context, framed, hash_to_scalar
from stillwatch.share.oprf.keys import KeyPair
from stillwatch.share.oprf.spread import spread

__all__ = ["BATCH", "PROOF_BYTES", "generate_proof", "verify_proof"]

PROOF_BYTES: Final = 2 * SCALAR_BYTES
BATCH: Final = 65_535
"""Elements one proof can speak of: their number is two bytes of the transcript."""


def generate_proof(
    key: KeyPair,
    blinded: Sequence[bytes],
    evaluated: Sequence[bytes],
    context: Context = VERIFIABLE,
    *,
    nonce: bytes | None = None,
    threads: int | None = None,
) -> bytes:
    """Proof that `evaluated` are the products of `blinded` with the secret of `key`, 64 bytes.

    nonce       Secret scalar for test vectors; None draws it, as all other callers must: one used twice gives the key.
    Raises      InvalidInput if there are none, more than 65,535, or not as many of the one as of the other.
    """
    weights = _weights(key.public, blinded, evaluated, context)
    r = random_scalar() if nonce is None else nonce
    m = _weighted(weights, blinded, threads)
    z = multiply(key.secret, m)
    c = _challenge(key.public, (m, z, multiply_generator(r), multiply(r, m)), context)
    return c + scalar_subtract(r, scalar_multiply(c, key.secret))


def verify_proof(
    public: bytes,
    blinded: Sequence[bytes],
    evaluated: Sequence[bytes],
    proof: bytes,
    context: Context = VERIFIABLE,
    *,
    threads: int | None = None,
) -> bool:
    """Whether the proof holds; False too for a proof or an element that is none.

    public      Key the asker knows of the evaluator beforehand, never one that came with the proof.
    Raises      InvalidInput as for `generate_proof`.
    """
    weights = _weights(public, blinded, evaluated, context)
    c, s = proof[:SCALAR_BYTES], proof[SCALAR_BYTES:]
    if not (is_scalar(c) and is_scalar(s)):
        return False
    try:
        m, z = _weighted(weights, blinded, threads), _weighted(weights, evaluated, threads)
        t2 = add(multiply_generator(s), multiply(c, public))
        t3 = add(multiply(s, m), multiply(c, z))
    except InvalidInput:
        return False
    return hmac.compare_digest(_challenge(public, (m, z, t2, t3), context), c)


def _weights(public: bytes, blinded: Sequence[bytes], evaluated: Sequence[bytes], context: Context) -> list[bytes]:
    """A scalar for each pair, which the evaluator cannot foresee."""
    if not 0 < len(blinded) <= BATCH or len(blinded) != len(evaluated):
        message = f"a proof must be of 1 to {BATCH} pairs, got {len(blinded)} and {len(evaluated)} elements"
        raise InvalidInput(message)
    start = framed(hashlib.sha512(framed(public) + framed(context.seed)).digest())
    return [
        hash_to_scalar(start + i.to_bytes(2, "big") + framed(one) + framed(other) + b"Composite", context.scalar)
        for i, (one, other) in enumerate(zip(blinded, evaluated, strict=True))
    ]


def _weighted(weights: Sequence[bytes], elements: Sequence[bytes], threads: int | None) -> bytes:
    """Sum of the elements by their weights."""

    def work(rows: Sequence[int]) -> list[bytes]:
        return [_total([multiply(weights[i], elements[i]) for i in rows])]

    return _total(spread(work, range(len(weights)), threads))


def _total(elements: Sequence[bytes]) -> bytes:
    total = elements[0]
    for element in elements[1:]:
        total = add(total, element)
    return total


def _challenge(public: bytes, elements: tuple[bytes, ...], context: Context) -> bytes:
    return hash_to_scalar(b"".join(map(framed, (public, *elements))) + b"Challenge", context.scalar)
