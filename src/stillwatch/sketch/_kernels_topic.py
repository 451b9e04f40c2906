"""Topic sketch: the signs of 64 sums over the words of a prompt, each word adding its weight to a random half.

A word counts by its first five letters, which joins its inflections; scripts without spaces count by pairs of signs.
Rare words weigh more, so that prompts on different subjects have a mean cosine near zero. The twins are
`stillwatch.sketch.twins.features` and `topic`.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, highest_bit, load64, multiply_fold, part, sign_sums
from stillwatch.sketch._kernels_tokens import DIGITS, FIRST, IDEOGRAM, KIND_MASK, LOWER, TAG_MASK, Room

__all__ = ["N_WORDS", "add_words", "features_of", "topic_of"]

U64 = np.uint64
SALT, SPREAD = U64(0x9FB21C651E98DF25), U64(0xD6E8FEB86659FD93)
HIGH_BITS = U64(0x8080808080808080)
STEM_BYTES = 5
N_WORDS = 1 << 16
"""Word counters, 256 kB: they stay in the second-level cache. Words that share one are one prompt in a thousand."""


@part
def features_of(address: Int, room: Room, part: tuple[Int, Int], features: NDArray[np.uint64], n: Int) -> Int:
    """Write the features of a part of a prompt's tokens behind the `n` there are, no numbers; return how many now."""
    _, tokens, starts, ends, _ = room
    first, stop = part
    for i in range(first, stop):
        kind = tokens[i] & KIND_MASK
        feature = tokens[i] & ~TAG_MASK
        if kind == IDEOGRAM:
            if i + 1 == stop or starts[i + 1] != ends[i] or tokens[i + 1] & KIND_MASK != IDEOGRAM:
                continue
            feature = multiply_fold(feature, tokens[i + 1] ^ SPREAD)
        else:
            letters = (load64(address + starts[i]) | LOWER) & FIRST[U64(min(ends[i] - starts[i], STEM_BYTES))]
            if not letters & HIGH_BITS:
                feature = letters
        features[U64(n)] = multiply_fold(feature ^ SALT, SPREAD)
        n += kind != DIGITS
    return n


@part
def add_words(
    words: NDArray[np.uint32], features: NDArray[np.uint64], n: Int, seen: NDArray[np.uint64], salt: Int
) -> None:
    """Count every feature once; `seen` forgets some in very long prompts, the same ones each time."""
    for i in range(n):
        slot = features[i] >> U64(32) & U64(len(seen) - 1)
        words[features[i] & U64(N_WORDS - 1)] += np.uint32(seen[slot] != features[i] ^ salt)
        seen[slot] = features[i] ^ salt


@part
def topic_of(
    words: NDArray[np.uint32],
    scale: NDArray[np.int32],
    features: NDArray[np.uint64],
    n: Int,
    weights: NDArray[np.int32],
    sums: NDArray[np.int32],
) -> Int:
    """Signs of the sums over all features, each with the weight that `scale` gives to the bits of its count."""
    for i in range(n):
        count = words[features[i] & U64(N_WORDS - 1)]
        weights[i] = scale[U64(highest_bit(U64(count) | U64(1)))]
    sign_sums(np.int64(features.ctypes.data), np.int64(weights.ctypes.data), n, np.int64(sums.ctypes.data))
    bits = U64(0)
    for i in range(64):
        bits |= U64(sums[i] > 0) << U64(i)
    return bits
