"""Hot loops of coding values; `codes.in_order` says what they find."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["codes_and_firsts", "sums_by_code"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STIR = np.uint64(0xBF58476D1CE4E5B9)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def codes_and_firsts(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Codes of pairs in order of first appearance, and the row of each code's first; a table with open addresses."""
    n = one.shape[0]
    bits = 1
    while (1 << bits) < 2 * n:
        bits += 1
    shift, last = np.uint64(64 - bits), (1 << bits) - 1
    table = np.full(1 << bits, -1, np.int32)
    codes, firsts = np.empty(n, np.int32), np.empty(n, np.int64)
    n_codes = 0
    for i in range(n):
        mixed = one[i] * _STIR + other[i]
        slot = np.int64(((mixed ^ (mixed >> np.uint64(32))) * _GOLDEN) >> shift)
        while table[slot] >= 0:
            first = firsts[table[slot]]
            if one[first] == one[i] and other[first] == other[i]:
                break
            slot = (slot + 1) & last
        if table[slot] < 0:
            table[slot] = n_codes
            firsts[n_codes] = i
            n_codes += 1
        codes[i] = table[slot]
    return codes, firsts[:n_codes].copy()


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sums_by_code(codes: NDArray[np.int32], values: NDArray[np.int64], sums: NDArray[np.int64]) -> None:
    """Add each value to the sum of its code, in place."""
    for i in range(codes.shape[0]):
        sums[codes[i]] += values[i]
