"""Topic sketch: the signs of 64 sums over the words of a prompt, each word adding its weight to a random half."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel, multiply_fold, sign_add
from stillwatch.sketch._kernels_tokens import DIGITS, IDEOGRAM, KIND_MASK, TAG_MASK

__all__ = ["add_topic", "sign_bits"]

U64 = np.uint64
SALT, SPREAD = U64(0x9FB21C651E98DF25), U64(0xD6E8FEB86659FD93)


@kernel
def add_topic(
    sums: NDArray[np.int32],
    tokens: NDArray[np.uint64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    first: int,
    stop: int,
) -> None:
    """Add the features of tokens first to stop: long words, short words, pairs of ideograms; no digits."""
    address = np.int64(sums.ctypes.data)
    for i in range(first, stop):
        token = tokens[i]
        kind = token & KIND_MASK
        if kind == DIGITS:
            continue
        weight = 4 if ends[i] - starts[i] >= 4 else 1
        if kind == IDEOGRAM:
            if i + 1 >= stop or starts[i + 1] != ends[i] or tokens[i + 1] & KIND_MASK != IDEOGRAM:
                continue
            token = multiply_fold(token, tokens[i + 1] ^ SPREAD)
            weight = 4
        sign_add(address, multiply_fold(token & ~TAG_MASK ^ SALT, SPREAD), np.int32(weight))


@kernel
def sign_bits(sums: NDArray[np.int32]) -> np.uint64:
    """Bit i is set where sum i is above zero."""
    bits = U64(0)
    for i in range(64):
        if sums[i] > 0:
            bits |= U64(1) << U64(i)
    return bits
