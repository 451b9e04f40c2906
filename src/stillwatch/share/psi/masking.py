"""Values under one side's key, and marks of values under the holder's."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import ELEMENT_BYTES, multiply
from stillwatch.share.oprf.hashing import hash_to_group
from stillwatch.share.oprf.spread import spread
from stillwatch.share.psi.messages import MARK_BYTES
from stillwatch.share.tags.canonical import tag_input

__all__ = ["ascending", "marks_of", "masked_rows", "masked_values"]

_TAG: Final = b"stillwatch-psi-v1-ristretto255-SHA512"
"""Keeps these elements apart from those of tags: neither evaluator nor forum can stand in for a key of a search."""
_PART: Final = 1 << 16

T = TypeVar("T")


def masked_values(
    kind: SignalKind, epoch: int, values: Sequence[str], secret: bytes, threads: int | None = None
) -> NDArray[np.uint8]:
    """Each value as an element times the secret, uint8[n, 32].

    Raises      InvalidInput for a value that is none of its kind; it does not show it.
    """

    def work(some: Sequence[str]) -> list[bytes]:
        return [multiply(secret, hash_to_group(tag_input(kind, epoch, value), _TAG)) for value in some]

    return _in_parts(work, values, threads)


def masked_rows(rows: NDArray[np.uint8], secret: bytes, threads: int | None = None) -> NDArray[np.uint8]:
    """Each element times the secret.

    Raises      InvalidInput for a row that is no element, or the identity.
    """
    data = rows.tobytes()

    def work(starts: Sequence[int]) -> list[bytes]:
        return [multiply(secret, data[at : at + ELEMENT_BYTES]) for at in starts]

    return _in_parts(work, range(0, len(data), ELEMENT_BYTES), threads)


def marks_of(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """8 bytes of a hash of each element: two different ones are equal with chance 2^-64."""
    marks = (hashlib.blake2b(row.tobytes(), digest_size=MARK_BYTES, person=b"stillwatch-psi").digest() for row in rows)
    return np.frombuffer(b"".join(marks), ">u8").astype(np.uint64)


def ascending(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows in the order of their bytes, which has nothing of the order they came in."""
    words = np.ascontiguousarray(rows).view(">u8").astype(np.uint64)
    return rows[np.lexsort(words.T[::-1])]


def _in_parts(work: Callable[[Sequence[T]], list[bytes]], items: Sequence[T], threads: int | None) -> NDArray[np.uint8]:
    """Elements that `work` makes, with few of them in memory as objects at once."""
    parts = (spread(work, items[at : at + _PART], threads) for at in range(0, len(items), _PART))
    joined = b"".join(b"".join(part) for part in parts)
    return np.frombuffer(joined, np.uint8).reshape(-1, ELEMENT_BYTES)
