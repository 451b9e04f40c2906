"""The group ristretto255 over libsodium: elements and scalars as the 32 bytes of their encoding.

Products with a secret scalar take the same time for every scalar (libsodium); elements of others are checked when they
are read, and once more by every product. A scalar is `bytes`, which Python cannot wipe: it is kept out of messages and
representations, and lives no longer than the object that holds it.

References
----------
RFC 9496 (2023), The ristretto255 and decaf448 groups.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import rbcl

from stillwatch.errors import InvalidInput

__all__ = [
    "ELEMENT_BYTES",
    "IDENTITY",
    "ORDER",
    "SCALAR_BYTES",
    "add",
    "from_uniform",
    "inverses",
    "is_scalar",
    "multiply",
    "multiply_generator",
    "random_element",
    "random_scalar",
    "read_element",
    "scalar_add",
    "scalar_multiply",
    "scalar_reduce",
    "scalar_subtract",
]

ELEMENT_BYTES: Final = 32
SCALAR_BYTES: Final = 32
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Number of elements, a prime."""
IDENTITY: Final = bytes(ELEMENT_BYTES)


def _tidy() -> None:
    """Remove the copy of libsodium that rbcl writes to the temporary folder at every import; it is loaded already."""
    path = Path(str(rbcl._sodium._name))  # noqa: SLF001 - nothing public names the file
    if path.parent == Path(tempfile.gettempdir()) and path.suffix == ".so":
        path.unlink(missing_ok=True)


_tidy()


def read_element(data: bytes) -> bytes:
    """Element somebody sent, as it is.

    Raises      InvalidInput unless it is the canonical encoding of an element other than the identity.
    """
    if len(data) != ELEMENT_BYTES:
        message = f"an element must be {ELEMENT_BYTES} bytes, got {len(data)}"
        raise InvalidInput(message)
    if data == IDENTITY or not rbcl.crypto_core_ristretto255_is_valid_point(data):
        message = "an element must be a canonical encoding in ristretto255 and not the identity"
        raise InvalidInput(message)
    return data


def is_scalar(data: bytes) -> bool:
    """Whether these bytes are the canonical encoding of a scalar; not for secrets."""
    return len(data) == SCALAR_BYTES and int.from_bytes(data, "little") < ORDER


def multiply(scalar: bytes, element: bytes) -> bytes:
    """Product of a scalar and an element.

    Raises      InvalidInput if the element is not valid or the product is the identity.
    """
    try:
        product: bytes = rbcl.crypto_scalarmult_ristretto255(scalar, element)
    except (RuntimeError, ValueError) as error:
        message = "the product is the identity, or the element is no canonical encoding in ristretto255"
        raise InvalidInput(message) from error
    return product


def multiply_generator(scalar: bytes) -> bytes:
    """Product of a scalar and the generator; InvalidInput for the scalar zero."""
    try:
        product: bytes = rbcl.crypto_scalarmult_ristretto255_base(scalar)
    except (RuntimeError, ValueError) as error:
        message = "a scalar must not be zero"
        raise InvalidInput(message) from error
    return product


def add(one: bytes, other: bytes) -> bytes:
    """Sum of two elements; both were read or computed here: what is no element counts as the identity."""
    total: bytes = rbcl.crypto_core_ristretto255_add(one, other)
    return total


def from_uniform(data: bytes) -> bytes:
    """Element from 64 uniform bytes: the one-way map of RFC 9496, section 4.3.4."""
    element: bytes = rbcl.crypto_core_ristretto255_from_hash(data)
    return element


def random_element() -> bytes:
    """An element nobody knows the discrete logarithm of."""
    element: bytes = rbcl.crypto_core_ristretto255_random()
    return element


def random_scalar() -> bytes:
    """A secret scalar, uniform, not zero."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_random()
    return scalar


def scalar_reduce(data: bytes) -> bytes:
    """64 bytes, little-endian, modulo the order."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_reduce(data)
    return scalar


def scalar_add(one: bytes, other: bytes) -> bytes:
    """Sum of two scalars."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_add(one, other)
    return scalar


def scalar_subtract(one: bytes, other: bytes) -> bytes:
    """Difference of two scalars."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_sub(one, other)
    return scalar


def scalar_multiply(one: bytes, other: bytes) -> bytes:
    """Product of two scalars."""
    scalar: bytes = rbcl.crypto_core_ristretto255_scalar_mul(one, other)
    return scalar


def inverses(scalars: Sequence[bytes]) -> list[bytes]:
    """Inverse of each scalar by one inversion in all and three products each.

    scalars     None is zero.
    References  Montgomery (1987), Speeding the Pollard and elliptic curve methods, section 10.3.1.

    >>> scalar = random_scalar()
    >>> scalar_multiply(scalar, inverses([scalar])[0]) == (1).to_bytes(32, "little")
    True
    """
    if not scalars:
        return []
    products = [scalars[0]]
    for scalar in scalars[1:]:
        products.append(scalar_multiply(products[-1], scalar))
    remaining: bytes = rbcl.crypto_core_ristretto255_scalar_invert(products[-1])
    found = []
    for i in range(len(scalars) - 1, 0, -1):
        found.append(scalar_multiply(remaining, products[i - 1]))
        remaining = scalar_multiply(remaining, scalars[i])
    found.append(remaining)
    return found[::-1]
