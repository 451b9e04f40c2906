"""Hot loops of hashing rows; the twins are in `tests/detect/views/test_mixing.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_part", "ids_of"]

_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def add_part(state: NDArray[np.uint64], part: NDArray[np.uint64]) -> None:
    """Mix one part into the hash of each row, in place."""
    for i in range(state.shape[0]):
        x = (state[i] ^ part[i]) + _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * _M1
        x = (x ^ (x >> np.uint64(27))) * _M2
        state[i] = x ^ (x >> np.uint64(31))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def ids_of(keys: NDArray[np.uint64], mask: np.uint64, flags: np.uint64) -> NDArray[np.uint64]:
    """Masked keys with the flags set; 0 where the key is 0."""
    found = np.empty(keys.shape[0], np.uint64)
    for i in range(keys.shape[0]):
        found[i] = np.uint64(0) if keys[i] == 0 else (keys[i] & mask) | flags
    return found
