"""Keyed hashes of shingles, compiled; the twin is `stillwatch.trace.served.shingles.shingles_twin`."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, multiply_fold, part
from stillwatch.sketch._kernels_tokens import Room, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings
from stillwatch.trace.mark._kernels_prf import seed

__all__ = ["SHINGLE_TOKENS", "distinct_rows", "placed_rows"]

Words: TypeAlias = tuple[Int, Int, Int, Int]
"""The secret: two words for the hash, two for the choice."""

U64 = np.uint64
SHINGLE_TOKENS = 5
_FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F], np.uint64
)
_LOW, _SHIFT = U64(0xFFFFFFFF), U64(32)
_FINAL, _TURN = U64(0xFF51AFD7ED558CCD), U64(29)


@part
def _plain(tokens: NDArray[np.uint64], at: Int) -> Int:
    value = U64(0)
    for i in range(SHINGLE_TOKENS):
        value += tokens[at + i] * _FACTORS[i]
    value = (value ^ (value >> _SHIFT)) * _FINAL
    return value ^ (value >> _TURN)


@part
def _kept(
    words: Words,
    threshold: Int,
    room: Room,
    n_tokens: Int,
    halves: NDArray[np.int64],
    found: tuple[NDArray[np.uint64], NDArray[np.int32]],
) -> Int:
    """Write those of a row's shingles that are kept, with the token each begins at; return how many.

    Two words of the secret choose, by a fast hash that is never seen; the other two make what is kept a SipHash.
    """
    values, places = found
    n = 0
    for at in range(n_tokens - SHINGLE_TOKENS + 1):
        value = _plain(room.tokens, at)
        values[n], places[n] = value, at
        n += multiply_fold(value ^ words[2], words[3]) <= threshold
    for i in range(n):
        halves[0], halves[1] = np.int64(values[i] & _LOW), np.int64(values[i] >> _SHIFT)
        values[i] = max(seed(words[0], words[1], halves, 2, 2), U64(1))
    return n


@kernel
def placed_rows(
    strings: Strings, tables: FoldTables, words: Words, threshold: Int
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int64]]:
    """Shingles that are kept in the order of each row, the token each begins at, and where rows begin."""
    n_rows = len(strings.offsets) - 1
    room, halves = room_for(strings), np.zeros(2, np.int64)
    values, places = np.empty(len(room.tokens) + 1, np.uint64), np.empty(len(room.tokens) + 1, np.int32)
    all_values, all_places = np.empty(1024, np.uint64), np.empty(1024, np.int32)
    offsets, total = np.zeros(n_rows + 1, np.int64), 0
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n_tokens, _ = tokenize(address, length, tables, room)
        n = _kept(words, threshold, room, n_tokens, halves, (values, places))
        if total + n > len(all_values):
            all_values = _longer(all_values, total, 2 * (total + n))
            larger = np.empty(2 * (total + n), np.int32)
            larger[:total] = all_places[:total]
            all_places = larger
        all_values[total : total + n] = values[:n]
        all_places[total : total + n] = places[:n]
        total += n
        offsets[row + 1] = total
    return all_values[:total].copy(), all_places[:total].copy(), offsets


@kernel
def distinct_rows(
    strings: Strings, tables: FoldTables, words: Words, threshold: Int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Distinct shingles that are kept, ascending in each row, and where rows begin."""
    n_rows = len(strings.offsets) - 1
    room, halves = room_for(strings), np.zeros(2, np.int64)
    values, places = np.empty(len(room.tokens) + 1, np.uint64), np.empty(len(room.tokens) + 1, np.int32)
    found, offsets, total = np.empty(1024, np.uint64), np.zeros(n_rows + 1, np.int64), 0
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n_tokens, _ = tokenize(address, length, tables, room)
        n = _kept(words, threshold, room, n_tokens, halves, (values, places))
        if total + n > len(found):
            found = _longer(found, total, 2 * (total + n))
        values[:n].sort()
        for i in range(n):
            if i == 0 or values[i] != values[i - 1]:
                found[total] = values[i]
                total += 1
        offsets[row + 1] = total
    return found[:total].copy(), offsets


@kernel
def _longer(values: NDArray[np.uint64], used: Int, size: Int) -> NDArray[np.uint64]:
    larger = np.empty(size, np.uint64)
    larger[:used] = values[:used]
    return larger
