"""Look keys up in sorted arrays."""

import weakref
from collections import deque
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.stats._kernels_lookup import bucket_starts, rows_of

__all__ = ["HashIndex", "among", "positions"]

_MOST_BITS: Final = 22
_WORTH_AN_INDEX: Final = 4_096
"""Hashes asked for at once from which on an index made for them alone is cheaper than a search for each."""


def positions(sorted_keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Row of each wanted key in ascending `sorted_keys`, -1 where there is none.

    >>> positions(np.array([2, 5, 9]), np.array([9, 3])).tolist()
    [2, -1]
    """
    if not len(sorted_keys):
        return np.full(len(wanted), -1)
    if len(wanted) > _WORTH_AN_INDEX and sorted_keys.dtype == wanted.dtype == np.uint64:
        return _index_of(sorted_keys).positions(wanted)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)


def among(sorted_keys: NDArray[Any], keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each key is one of ascending `sorted_keys`.

    >>> among(np.array([2, 5, 9]), np.array([9, 3])).tolist()
    [True, False]
    """
    return np.asarray(positions(sorted_keys, keys) >= 0)


class HashIndex:
    """Ascending 64-bit hashes that are asked for again and again: `positions`, by their leading bits.

    >>> index = HashIndex(np.array([2, 5, 1 << 63], np.uint64))
    >>> index.positions(np.array([1 << 63, 3], np.uint64)).tolist()
    [2, -1]
    """

    def __init__(self, sorted_hashes: NDArray[np.uint64]) -> None:
        bits = min(max(len(sorted_hashes).bit_length(), 1), _MOST_BITS)
        self._hashes, self._shift = np.ascontiguousarray(sorted_hashes), np.uint64(64 - bits)
        self._starts = bucket_starts(self._hashes, self._shift, 1 << bits)

    @property
    def buckets(self) -> tuple[NDArray[np.int64], np.uint64]:
        """First row of each value of the leading bits, then how many rows; how many bits follow these."""
        return self._starts, self._shift

    def positions(self, wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
        """First row of each wanted hash, -1 where there is none."""
        return np.asarray(rows_of(self._hashes, self._starts, self._shift, np.ascontiguousarray(wanted)), np.int64)

    def among(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each is one of them."""
        return self.positions(hashes) >= 0


_MOST_KEPT: Final = 8
_kept: deque[tuple["weakref.ref[NDArray[Any]]", HashIndex]] = deque(maxlen=_MOST_KEPT)


def _index_of(sorted_hashes: NDArray[np.uint64]) -> HashIndex:
    """Index of an array; that of a large one is kept for a while: every batch of a pass asks for the same tables."""
    for array, index in tuple(_kept):
        if array() is sorted_hashes:
            return index
    index = HashIndex(sorted_hashes)
    if len(sorted_hashes) >= _WORTH_AN_INDEX:
        _kept.append((weakref.ref(sorted_hashes), index))
    return index
