"""Key pairs of an evaluator."""

from dataclasses import dataclass, field

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf.group import (
    IDENTITY,
    SCALAR_BYTES,
    is_scalar,
    multiply_generator,
    random_scalar,
    scalar_add,
)
from stillwatch.share.oprf.hashing import VERIFIABLE, Context, framed, hash_to_scalar

__all__ = ["KeyPair", "derive_key_pair", "joined", "key_pair", "new_key_pair"]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A secret scalar, which no representation shows, and its product with the generator.

    >>> "secret" in repr(derive_key_pair(bytes(32), b"example"))
    False
    """

    secret: bytes = field(repr=False)
    public: bytes


def key_pair(secret: bytes) -> KeyPair:
    """Key pair of a known secret.

    Raises      InvalidInput unless the secret is a canonical scalar other than zero.
    """
    if not is_scalar(secret):
        message = f"a secret key must be a canonical scalar of {SCALAR_BYTES} bytes"
        raise InvalidInput(message)
    return KeyPair(secret, multiply_generator(secret))


def new_key_pair() -> KeyPair:
    """A key pair drawn at random."""
    return key_pair(random_scalar())


def derive_key_pair(seed: bytes, info: bytes, context: Context = VERIFIABLE) -> KeyPair:
    """Key pair of a seed (RFC 9497, section 3.2.1).

    seed        32 bytes, secret.
    info        Public; at most 65,535 bytes.
    Raises      InvalidInput for a seed or info of another length.
    """
    if len(seed) != SCALAR_BYTES or len(info) > 65_535:
        message = f"a seed must be {SCALAR_BYTES} bytes and info at most 65,535, got {len(seed)} and {len(info)}"
        raise InvalidInput(message)
    for counter in range(256):
        secret = hash_to_scalar(seed + framed(info) + bytes([counter]), context.key)
        if secret != IDENTITY:
            return key_pair(secret)
    message = "no key can be derived from this seed"  # 256 scalars of zero in a row
    raise InvalidInput(message)


def joined(one: KeyPair, other: KeyPair) -> KeyPair:
    """The key that two evaluators hold together, which nobody has but a test: the sum of their shares."""
    return key_pair(scalar_add(one.secret, other.secret))
