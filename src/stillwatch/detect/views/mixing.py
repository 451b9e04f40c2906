"""One 64-bit hash of several."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views._kernels_mixing import add_part

__all__ = ["mix"]


def mix(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Row-wise hash of equally long arrays; depends on their order.

    References  Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators, variant 13 finaliser.
    >>> a, b = np.array([1], np.uint64), np.array([2], np.uint64)
    >>> bool((mix(a, b) == mix(b, a))[0])
    False
    """
    state = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        add_part(state, np.ascontiguousarray(part, np.uint64))
    return state
