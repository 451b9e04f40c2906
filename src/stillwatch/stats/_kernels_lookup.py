"""Hot loop of looking up hashes; `lookup.positions` has the readable version."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["rows_of"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def rows_of(
    keys: NDArray[np.uint64], starts: NDArray[np.int64], shift: np.uint64, wanted: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """First row of each wanted hash in ascending keys, -1 where there is none.

    starts  First row whose key has at least these leading bits, one more than there are such values.
    shift   Bits that follow the leading ones.
    """
    found = np.empty(wanted.shape[0], np.int64)
    for i in range(wanted.shape[0]):
        key = wanted[i]
        bucket = np.int64(key >> shift)
        low, stop = starts[bucket], starts[bucket + 1]
        high = stop
        while low < high:
            middle = (low + high) // 2
            if keys[middle] < key:
                low = middle + 1
            else:
                high = middle
        found[i] = low if low < stop and keys[low] == key else -1
    return found
