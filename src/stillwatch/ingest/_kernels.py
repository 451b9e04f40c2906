"""Loops over the bytes of id and address columns; the twins in plain Python stand in `stillwatch.ingest.twins`.

Strings come as Arrow lays them out: `offsets` (n + 1 of int32) into `data` (uint8).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["add_hashes", "hash_strings", "plain_ipv4"]

F = TypeVar("F", bound=Callable[..., Any])
U64 = np.uint64
C1, C2 = U64(0x87C37B91114253D5), U64(0x4CF5AD432745937F)
ADD1, ADD2 = U64(0x52DCE729), U64(0x38495AB5)
MIX1, MIX2 = U64(0xFF51AFD7ED558CCD), U64(0xC4CEB9FE1A85EC53)


def kernel(function: F) -> F:
    """Compile `function` on first use, keep the machine code on disk and run it without the interpreter lock."""
    return cast("F", njit(nogil=True, cache=True)(function))


@kernel
def _rotate(x: np.uint64, left: int) -> np.uint64:
    return (x << U64(left)) | (x >> U64(64 - left))


@kernel
def _load(data: NDArray[np.uint8], start: int, n: int) -> np.uint64:
    word = U64(0)
    for i in range(n):
        word |= U64(data[start + i]) << U64(8 * i)
    return word


@kernel
def _finish(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> U64(33))) * MIX1
    x = (x ^ (x >> U64(33))) * MIX2
    return x ^ (x >> U64(33))


@kernel
def hash_strings(offsets: NDArray[np.int32], data: NDArray[np.uint8], out: NDArray[np.uint64]) -> None:
    """128-bit hash of every string into the rows of `out`: MurmurHash3_x64_128 with seed 0."""
    for row in range(len(offsets) - 1):
        start, end = int(offsets[row]), int(offsets[row + 1])
        size = end - start
        a, b = U64(0), U64(0)
        at = start
        while end - at >= 16:
            a ^= _rotate(_load(data, at, 8) * C1, 31) * C2
            a = (_rotate(a, 27) + b) * U64(5) + ADD1
            b ^= _rotate(_load(data, at + 8, 8) * C2, 33) * C1
            b = (_rotate(b, 31) + a) * U64(5) + ADD2
            at += 16
        rest = end - at
        if rest > 8:
            b ^= _rotate(_load(data, at + 8, rest - 8) * C2, 33) * C1
        if rest > 0:
            a ^= _rotate(_load(data, at, min(rest, 8)) * C1, 31) * C2
        a ^= U64(size)
        b ^= U64(size)
        a += b
        b += a
        a, b = _finish(a), _finish(b)
        a += b
        b += a
        out[row, 0], out[row, 1] = a, b


@kernel
def add_hashes(table: NDArray[np.uint64], hashes: NDArray[np.uint64], is_new: NDArray[np.bool_]) -> int:
    """Put the rows of `hashes` into `table` (open addressing, (0, 0) is a free slot) and mark those it did not hold.

    The table must have a free slot left. Returns the number of new rows.
    """
    n_slots = U64(len(table))
    n_new = 0
    for row in range(len(hashes)):
        a, b = hashes[row, 0], hashes[row, 1]
        if a == U64(0) and b == U64(0):
            b = U64(1)
        slot = ((a >> U64(32)) * n_slots) >> U64(32)
        while True:
            x, y = table[slot, 0], table[slot, 1]
            if x == U64(0) and y == U64(0):
                table[slot, 0], table[slot, 1] = a, b
                is_new[row] = True
                n_new += 1
                break
            if x == a and y == b:
                is_new[row] = False
                break
            slot += U64(1)
            if slot == n_slots:
                slot = U64(0)
    return n_new


@kernel
def plain_ipv4(offsets: NDArray[np.int32], data: NDArray[np.uint8], out: NDArray[np.bool_]) -> None:
    """Mark strings that are IPv4 addresses in their one normal spelling; the rest needs a closer look."""
    for row in range(len(offsets) - 1):
        n_dots, n_digits, value, good = 0, 0, 0, True
        for at in range(int(offsets[row]), int(offsets[row + 1])):
            c = int(data[at])
            if 48 <= c <= 57:
                if n_digits > 0 and value == 0:
                    good = False
                    break
                value = value * 10 + c - 48
                n_digits += 1
                if value > 255:
                    good = False
                    break
            elif c == 46 and n_digits > 0 and n_dots < 3:
                n_dots += 1
                n_digits, value = 0, 0
            else:
                good = False
                break
        out[row] = good and n_dots == 3 and n_digits > 0
