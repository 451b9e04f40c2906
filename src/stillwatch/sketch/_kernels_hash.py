"""Hashes of strings and of tuples of numbers. The twins are `stillwatch.sketch.twins.hash_bytes` and `mix`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, load8, load32, load64, multiply_fold, part
from stillwatch.sketch.strings import Strings

__all__ = ["hash_bytes", "hash_rows", "mix", "mix_into"]

U64 = np.uint64
LANE_A, LANE_B, LANE_C, LANE_D = (
    U64(0x2D358DCCAA6C78A5),
    U64(0x8BB84B93962EACC9),
    U64(0x4B33A62ED433D4A3),
    U64(0x4D5A2DA51DE1AA47),
)
SECRET, FINAL = U64(0xA0761D6478BD642F), U64(0xE7037ED1A0B428DB)


@part
def _partial(address: Int, length: Int) -> Int:
    """The first 8 bytes at `address`, zeros from `length` on; nothing behind is read."""
    if length >= 8:
        return load64(address)
    if length <= 0:
        return U64(0)
    if length >= 4:
        tail = U64(load32(address + length - 4)) >> U64(8 * (8 - length))
        return U64(load32(address)) | tail << U64(32)
    middle, last = length >> 1, length - 1
    head = U64(load8(address)) | U64(load8(address + middle)) << U64(8 * middle)
    return head | U64(load8(address + last)) << U64(8 * last)


@part
def _absorb(lane: Int, address: Int, length: Int) -> Int:
    if length <= 0:
        return lane
    return multiply_fold(lane ^ _partial(address, length), _partial(address + 8, length - 8) ^ SECRET)


@part
def hash_bytes(address: Int, length: Int) -> Int:
    """64-bit hash of `length` bytes, never 0: 16-byte pieces go to four lanes in turn."""
    a, b, c, d = LANE_A, LANE_B, LANE_C, LANE_D
    at = 0
    while length - at >= 64:
        a = multiply_fold(a ^ load64(address + at), load64(address + at + 8) ^ SECRET)
        b = multiply_fold(b ^ load64(address + at + 16), load64(address + at + 24) ^ SECRET)
        c = multiply_fold(c ^ load64(address + at + 32), load64(address + at + 40) ^ SECRET)
        d = multiply_fold(d ^ load64(address + at + 48), load64(address + at + 56) ^ SECRET)
        at += 64
    a = _absorb(a, address + at, length - at)
    b = _absorb(b, address + at + 16, length - at - 16)
    c = _absorb(c, address + at + 32, length - at - 32)
    d = _absorb(d, address + at + 48, length - at - 48)
    half = multiply_fold(a ^ U64(length), b ^ FINAL) ^ multiply_fold(c, d ^ FINAL)
    return max(multiply_fold(half ^ LANE_B, FINAL), U64(1))


@kernel
def hash_rows(strings: Strings) -> NDArray[np.uint64]:
    """Hash of every row, 0 for an empty one."""
    offsets, base = strings.offsets, np.int64(strings.data.ctypes.data)
    hashes = np.empty(len(offsets) - 1, np.uint64)
    for row in range(len(hashes)):
        length = offsets[row + 1] - offsets[row]
        hashes[row] = hash_bytes(base + offsets[row], length) if length else U64(0)
    return hashes


@part
def mix(first: Int, second: Int) -> Int:
    """One number of two, order kept."""
    return multiply_fold(multiply_fold(first ^ LANE_A, FINAL) ^ second ^ LANE_C, SECRET)


@kernel
def mix_into(mixed: NDArray[np.uint64], known: NDArray[np.uint64], column: NDArray[np.uint64]) -> None:
    """Mix one more column into each row; `known` stays 0 where all columns are 0."""
    for row in range(len(mixed)):
        mixed[row] = mix(mixed[row], column[row])
        known[row] |= column[row]
