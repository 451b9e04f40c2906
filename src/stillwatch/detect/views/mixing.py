"""One 64-bit hash of several."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["mix"]

_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Row-wise hash of equally long arrays; depends on their order.

    References  Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators, variant 13 finaliser.
    >>> a, b = np.array([1], np.uint64), np.array([2], np.uint64)
    >>> bool((mix(a, b) == mix(b, a))[0])
    False
    """
    state = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        state = (state ^ part) + _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _M1
        state = (state ^ (state >> np.uint64(27))) * _M2
        state ^= state >> np.uint64(31)
    return state
