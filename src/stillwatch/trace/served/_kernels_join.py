"""Looking up many shingles among those of a suspect, compiled; the twins are Python's dict and loops in the tests."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["fill", "find", "passages"]

U64 = np.uint64
_BLOCK = 64


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def fill(
    keys: NDArray[np.uint64], numbers: NDArray[np.int32], values: NDArray[np.uint64], found: NDArray[np.int32]
) -> int:
    """Number the distinct values in the order in which they come, from 0; return how many there are.

    keys      Zeros, a power of two, at least twice the values: slots. The low bits of a keyed hash say where to begin.
    """
    mask, n = U64(keys.shape[0] - 1), 0
    for i in range(values.shape[0]):
        at = values[i] & mask
        while keys[at] != U64(0) and keys[at] != values[i]:
            at = (at + U64(1)) & mask
        if keys[at] == U64(0):
            keys[at] = values[i]
            numbers[at] = n
            n += 1
        found[i] = numbers[at]
    return n


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def find(
    keys: NDArray[np.uint64], numbers: NDArray[np.int32], values: NDArray[np.uint64], found: NDArray[np.int32]
) -> np.uint64:
    """Number of each value, -1 for those that have none; return what keeps the reads ahead alive.

    Every slot of a block is read once before any is probed, so that the waits for memory overlap.
    """
    mask, touched = U64(keys.shape[0] - 1), U64(0)
    for start in range(0, values.shape[0], _BLOCK):
        stop = min(start + _BLOCK, values.shape[0])
        for i in range(start, stop):
            touched ^= keys[values[i] & mask]
        for i in range(start, stop):
            at = values[i] & mask
            while keys[at] != U64(0) and keys[at] != values[i]:
                at = (at + U64(1)) & mask
            found[i] = numbers[at] if keys[at] != U64(0) else -1
    return touched


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def passages(groups: NDArray[np.int64], places: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """How many shingles of each group fit without overlap, greedily from the first; the greedy choice is the largest.

    groups    Group of each shingle, 0 to the last without a gap, ascending; places ascend within a group.
    width     Tokens of a shingle.
    """
    n_groups = groups[-1] + 1 if groups.shape[0] else 0
    counts, free = np.zeros(n_groups, np.int32), np.zeros(n_groups, np.int64)
    for i in range(groups.shape[0]):
        group = groups[i]
        if places[i] >= free[group]:
            counts[group] += 1
            free[group] = places[i] + width
    return counts
