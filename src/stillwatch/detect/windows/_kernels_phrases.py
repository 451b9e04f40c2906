"""Pieces of texts as numbered buckets: n-grams of words, runs of bytes, and what stands first and last.

`phrases.py` says what they are; the twins are in its tests.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, Room, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["BUCKETS", "N_PLACES", "Kind", "find_words", "pieces_of_rows", "sets_of_pieces"]

U64 = np.uint64
FIRST, SECOND = U64(0x9FB21C651E98DF25), U64(0xD6E8FEB86659FD93)
BITS_32, BITS_29, BYTE = U64(32), U64(29), U64(8)
BUCKETS = 1 << 20
"""Pieces that share a bucket are one set; with so many it is rare and costs no validity."""
MASK = U64(BUCKETS - 1)

WORDS, BYTES, PLACES = 0, 1, 2
N_PLACES = 6
MOST_TOKENS, MOST_BYTES = 400, 2400
"""What is read of a text: about two pages."""

Kind = tuple[int, int]
"""What to cut: WORDS or BYTES with how many in a row, or PLACES."""


@part
def _mixed(a: Int, b: Int) -> Int:
    x = a ^ (b * FIRST)
    x ^= x >> BITS_32
    x *= SECOND
    x ^= x >> BITS_29
    x *= FIRST
    return x ^ (x >> BITS_32)


@part
def _word(room: Room, i: Int) -> Int:
    return DIGITS if room.tokens[i] & KIND_MASK == DIGITS else room.tokens[i]


@part
def _words(room: Room, first: Int, n: Int, salt: Int) -> Int:
    value = U64(salt)
    for i in range(first, first + n):
        value = _mixed(value, _word(room, i))
    return value & MASK


@part
def _place(room: Room, n_tokens: Int, text: NDArray[np.uint8], place: Int) -> Int:
    """First word, first two, last, last two, first byte, last byte."""
    if place == 0:
        return _words(room, 0, 1, 11)
    if place == 1:
        return _words(room, 0, min(2, n_tokens), 12)
    if place == 2:
        return _words(room, n_tokens - 1, 1, 13)
    if place == 3:
        return _words(room, max(n_tokens - 2, 0), min(2, n_tokens), 14)
    return _mixed(U64(15 + place), U64(text[0] if place == 4 else text[len(text) - 1])) & MASK


@kernel
def pieces_of_rows(strings: Strings, tables: FoldTables, kind: Kind) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows and buckets of all pieces, each bucket once a row."""
    what, width = kind
    room = room_for(strings)
    stamp = np.full(BUCKETS, -1, np.int32)
    rows, buckets = np.empty(1 << 16, np.int32), np.empty(1 << 16, np.int32)
    n = 0
    for row in range(len(strings.offsets) - 1):
        address, length = readable(strings, row, room)
        n_tokens, _ = tokenize(address, length, tables, room)
        text = strings.data[strings.offsets[row] : strings.offsets[row + 1]]
        count = min(n_tokens, MOST_TOKENS) - width + 1
        if what == BYTES:
            count = min(length, MOST_BYTES) - width + 1
        elif what == PLACES:
            count = N_PLACES if n_tokens else 0
        if n + count > len(rows):
            more = max(2 * len(rows), n + count)
            rows, buckets = _longer(rows, more), _longer(buckets, more)
        value = U64(0)
        for i in range(count):
            if what == WORDS:
                bucket = _words(room, i, width, width)
            elif what == BYTES:
                value = U64(0)
                for j in range(width):
                    value = value << BYTE | U64(text[i + j])
                bucket = _mixed(U64(100 + width), value) & MASK
            else:
                bucket = _place(room, n_tokens, text, i)
            place = np.int64(bucket)
            if stamp[place] != row:
                stamp[place] = row
                rows[n], buckets[n] = row, place
                n += 1
    return rows[:n], buckets[:n]


@kernel
def _longer(array: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    longer = np.empty(size, np.int32)
    longer[: len(array)] = array
    return longer


@kernel
def sets_of_pieces(
    rows: NDArray[np.int32], buckets: NDArray[np.int32], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Starts, rows and bucket of every set of at least `least` rows, ordered by bucket."""
    sizes = np.zeros(BUCKETS, np.int64)
    for bucket in buckets:
        sizes[bucket] += 1
    kept = np.flatnonzero(sizes >= least).astype(np.int32)
    starts = np.zeros(len(kept) + 1, np.int64)
    at = np.full(BUCKETS, -1, np.int64)
    for i in range(len(kept)):
        at[kept[i]] = starts[i]
        starts[i + 1] = starts[i] + sizes[kept[i]]
    members = np.empty(starts[-1], np.int32)
    for i in range(len(buckets)):
        place = at[buckets[i]]
        if place >= 0:
            members[place] = rows[i]
            at[buckets[i]] = place + 1
    return starts, members, kept


@kernel
def find_words(strings: Strings, tables: FoldTables, width: int, bucket: int) -> tuple[int, int, int]:
    """Row and bytes (first, past the end) of the first n-gram of words in a bucket; row -1 when there is none."""
    room = room_for(strings)
    for row in range(len(strings.offsets) - 1):
        address, length = readable(strings, row, room)
        n_tokens, _ = tokenize(address, length, tables, room)
        for i in range(min(n_tokens, MOST_TOKENS) - width + 1):
            if np.int64(_words(room, i, width, width)) == bucket:
                return row, room.starts[i], room.ends[i + width - 1]
    return -1, 0, 0
