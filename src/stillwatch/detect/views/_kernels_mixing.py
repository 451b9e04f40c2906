"""Hot loops of hashing rows; the twins are in `tests/detect/views/test_mixing.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int

__all__ = ["add_part", "id_of", "ids_of", "stirred"]

_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def stirred(state: Int, part: Int) -> Int:
    """A hash with one more part mixed in."""
    x = (state ^ part) + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _M1
    x = (x ^ (x >> np.uint64(27))) * _M2
    return x ^ (x >> np.uint64(31))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def add_part(state: NDArray[np.uint64], part: NDArray[np.uint64]) -> None:
    """Mix one part into the hash of each row, in place."""
    for i in range(state.shape[0]):
        state[i] = stirred(state[i], part[i])


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def id_of(key: Int, mask: Int, flags: Int) -> Int:
    """The key masked and with the flags set; 0 where it is 0."""
    return np.uint64(0) if key == 0 else (key & mask) | flags


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def ids_of(keys: NDArray[np.uint64], mask: np.uint64, flags: np.uint64) -> NDArray[np.uint64]:
    """Masked keys with the flags set; 0 where the key is 0."""
    found = np.empty(keys.shape[0], np.uint64)
    for i in range(keys.shape[0]):
        found[i] = id_of(keys[i], mask, flags)
    return found
