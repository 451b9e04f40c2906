"""Hot loops of looking up hashes; `lookup.positions` has the readable version."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["bucket_starts", "rows_of"]


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


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def bucket_starts(keys: NDArray[np.uint64], shift: np.uint64, n_buckets: int) -> NDArray[np.int64]:
    """First ascending key with at least these bits before the last `shift`, for each bucket; then how many keys."""
    starts = np.empty(n_buckets + 1, np.int64)
    bucket = 0
    for i in range(keys.shape[0]):
        while bucket <= np.int64(keys[i] >> shift):
            starts[bucket] = i
            bucket += 1
    starts[bucket:] = keys.shape[0]
    return starts
