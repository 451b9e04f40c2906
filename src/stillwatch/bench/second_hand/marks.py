"""Ids and repeatable randomness: one hash of whole columns."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["hashed", "ids", "pick", "uniform"]

_HEX: Final = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), np.uint8).reshape(256, 2)


def hashed(salt: int, *columns: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Mix columns into 64 bits a row.

    References  Steele, Lea, Flood (2014), SplitMix64.
    >>> bool((hashed(1, np.arange(3)) == hashed(1, np.arange(3))).all())
    True
    """
    state = np.uint64(salt & 0xFFFFFFFFFFFFFFFF)
    value = np.full(len(columns[0]), state, np.uint64)
    for column in columns:
        value = value + column.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value ^= value >> np.uint64(31)
    return value


def uniform(salt: int, *columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number in [0, 1) that equal rows share."""
    return (hashed(salt, *columns) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pick(salt: int, n: int, *columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """A place in 0..n-1 that equal rows share."""
    return (hashed(salt, *columns) % np.uint64(n)).astype(np.int64)


def ids(prefix: str, codes: NDArray[np.int64], salt: int) -> pa.Array:
    """`prefix` and sixteen hex digits; equal codes have equal ids, negative ones none.

    >>> len(ids("acct_", np.arange(2), 5)[0].as_py())
    21
    """
    n, width = len(codes), len(prefix) + 16
    letters = np.empty((n, width), np.uint8)
    letters[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    letters[:, len(prefix) :] = _HEX[hashed(salt, codes).view(np.uint8).reshape(n, 8)].reshape(n, 16)
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), n, [None, pa.py_buffer(letters.tobytes())])
    text = fixed.cast(pa.binary()).cast(pa.string())
    return text if not (codes < 0).any() else text.take(pa.array(np.arange(n), mask=codes < 0))
