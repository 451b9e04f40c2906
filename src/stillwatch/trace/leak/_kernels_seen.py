"""A set of 64-bit hashes that only grows, compiled; the twin is Python's own set."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import Int

__all__ = ["add_new", "moved"]

U64 = np.uint64
_SPREAD = U64(0x9E3779B97F4A7C15)
_INSTEAD = U64(0xD6E8FEB86659FD93)
_BLOCK = 64


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _filled(value: Int) -> Int:
    """A hash that is not 0, which stands for an empty slot."""
    return value if value != U64(0) else _INSTEAD


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def add_new(
    table: NDArray[np.uint64], hashes: NDArray[np.uint64], room: int, is_new: NDArray[np.bool_]
) -> tuple[int, int, np.uint64]:
    """Mark each hash that is not in the table yet and put it there, while there is room. 0 stands for an empty slot.

    Every slot of a block is read once before any is probed, so that the waits for memory overlap.

    table   Size a power of two, at least half of it empty in the end.
    Returns how many were new and put in, how many were new and found no room, and what keeps those reads alive.
    """
    mask = U64(table.shape[0] - 1)
    added = left_out = 0
    touched = U64(0)
    for start in range(0, hashes.shape[0], _BLOCK):
        stop = min(start + _BLOCK, hashes.shape[0])
        for i in range(start, stop):
            touched ^= table[(_filled(hashes[i]) * _SPREAD) >> U64(20) & mask]
        for i in range(start, stop):
            value = _filled(hashes[i])
            at = (value * _SPREAD) >> U64(20) & mask
            while table[at] != U64(0) and table[at] != value:
                at = (at + U64(1)) & mask
            is_new[i] = False
            if table[at] == U64(0):
                if added < room:
                    table[at] = value
                    is_new[i] = True
                    added += 1
                else:
                    left_out += 1
    return added, left_out, touched


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def moved(table: NDArray[np.uint64], larger: NDArray[np.uint64]) -> None:
    """Put everything of one table into a larger, empty one."""
    mask = U64(larger.shape[0] - 1)
    for i in range(table.shape[0]):
        value = table[i]
        if value != U64(0):
            at = (value * _SPREAD) >> U64(20) & mask
            while larger[at] != U64(0):
                at = (at + U64(1)) & mask
            larger[at] = value
