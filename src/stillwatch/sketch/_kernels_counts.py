"""Phrase counter: how many prompts hold a 4-gram. Both counts of a 4-gram lie in one 64-byte line.

The twins are `stillwatch.sketch.twins.grams` and `PhraseCounts` by a Counter in the tests.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part, prefetch
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, Room, readable, room_for, tokenize
from stillwatch.sketch._kernels_topic import add_words, features_of
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["CELLS_PER_LINE", "GRAM_SIZE", "Prepared", "add_rows", "gram_counts", "grams_of", "prepare"]

U64 = np.uint64
GRAM_SIZE = 4
CELLS_PER_LINE = 16
FACTORS = (U64(0x9E3779B97F4A7C15), U64(0xC2B2AE3D27D4EB4F), U64(0x165667B19E3779F9), U64(0xD6E8FEB86659FD93))
STIR = U64(0xFF51AFD7ED558CCD)
ONE, ROW = U64(1), U64(7)
MAX_SEEN, SEEN_WORDS = 1 << 16, 1 << 12


@part
def grams_of(tokens: NDArray[np.uint64], n_tokens: Int, grams: NDArray[np.uint64]) -> Int:
    """Hash every four tokens in a row, all digit runs alike; return how many."""
    n = max(n_tokens - GRAM_SIZE + 1, 0)
    a, b, c, d = FACTORS
    for i in range(n_tokens):
        token = tokens[i]
        grams[i] = DIGITS if token & KIND_MASK == DIGITS else token
    for i in range(n):
        value = grams[i] * a + grams[i + 1] * b + grams[i + 2] * c + grams[i + 3] * d
        value = (value ^ value >> U64(32)) * STIR
        grams[i] = value ^ value >> U64(29)
    return n


@part
def _line(gram: Int, n_lines: Int) -> Int:
    """First cell of the line of a 4-gram."""
    return ((gram >> U64(32)) * n_lines >> U64(32)) * U64(CELLS_PER_LINE)


class Prepared(NamedTuple):
    """A row that was cut: address of its text, numbers of tokens and of 4-grams, whether all was ASCII."""

    address: Int
    n_tokens: Int
    n_grams: Int
    ascii_only: Int


@part
def prepare(
    strings: Strings,
    row: Int,
    tables: FoldTables,
    room: Room,
    grams: NDArray[np.uint64],
    cells: NDArray[np.uint32],
) -> Prepared:
    """Cut a row and ask for the lines of its 4-grams.

    Memory answers while the next row is prepared, so rows go in pairs: prepare two, then look up two.
    """
    address, length = readable(strings, row, room)
    n_tokens, ascii_only = tokenize(address, length, tables, room)
    n = grams_of(room.tokens, n_tokens, grams)
    base, n_lines = np.int64(cells.ctypes.data), U64(len(cells) // CELLS_PER_LINE)
    for i in range(n):
        prefetch(base + 4 * np.int64(_line(grams[i], n_lines)))
    return Prepared(address, n_tokens, n, ascii_only)


@part
def gram_counts(cells: NDArray[np.uint32], grams: NDArray[np.uint64], n: Int, counts: NDArray[np.uint32]) -> None:
    """Look up every 4-gram: the smaller of its two cells."""
    n_lines = U64(len(cells) // CELLS_PER_LINE)
    for i in range(n):
        line = _line(grams[i], n_lines)
        first = cells[line + (grams[i] & ROW)]
        second = cells[line + ROW + ONE + ((grams[i] >> U64(3)) & ROW)]
        counts[i] = min(first, second)


@part
def _add(cells: NDArray[np.uint32], grams: NDArray[np.uint64], n: Int, seen: NDArray[np.uint64], salt: Int) -> None:
    """Count every 4-gram once; `seen` forgets some in very long prompts, the same ones each time."""
    n_lines = U64(len(cells) // CELLS_PER_LINE)
    size = 1024
    while size < min(2 * n, MAX_SEEN):
        size *= 2
    for i in range(n):
        slot = (grams[i] >> U64(6)) & U64(size - 1)
        if seen[slot] != grams[i] ^ salt:
            seen[slot] = grams[i] ^ salt
            line = _line(grams[i], n_lines)
            cells[line + (grams[i] & ROW)] += np.uint32(1)
            cells[line + ROW + ONE + ((grams[i] >> U64(3)) & ROW)] += np.uint32(1)


@part
def _count(
    counters: tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64], NDArray[np.uint64]],
    room: Room,
    grams: NDArray[np.uint64],
    prepared: Prepared,
    features: NDArray[np.uint64],
    number: Int,
) -> None:
    """Count the 4-grams and words of the prompt with this number."""
    cells, words, seen, seen_words = counters
    salt = U64(number + 1) * FACTORS[0]
    _add(cells, grams, prepared.n_grams, seen, salt)
    n_features = features_of(prepared.address, room, (0, prepared.n_tokens), features, 0)
    add_words(words, features, n_features, seen_words, salt)


@kernel
def add_rows(
    strings: Strings,
    mask: NDArray[np.bool_],
    tables: FoldTables,
    cells: NDArray[np.uint32],
    words: NDArray[np.uint32],
) -> Int:
    """Count the 4-grams and words of the rows in `mask`; return how many of them are not empty."""
    one, two = room_for(strings), room_for(strings)
    grams, more_grams, features = (np.empty_like(one.tokens), np.empty_like(one.tokens), np.empty_like(one.tokens))
    seen, seen_words = np.zeros(MAX_SEEN, np.uint64), np.zeros(SEEN_WORDS, np.uint64)
    rows = np.flatnonzero(mask & (strings.offsets[1:] > strings.offsets[:-1]))
    counters = (cells, words, seen, seen_words)
    for k in range(0, len(rows), 2):
        first = prepare(strings, rows[k], tables, one, grams, cells)
        if k + 1 < len(rows):
            second = prepare(strings, rows[k + 1], tables, two, more_grams, cells)
            _count(counters, one, grams, first, features, k)
            _count(counters, two, more_grams, second, features, k + 1)
        else:
            _count(counters, one, grams, first, features, k)
    return len(rows)
