"""What baselines read of the words of prompts. The twins are in `stillwatch.bench.baselines._twins`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part
from stillwatch.sketch._kernels_hash import mix
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["closest", "first_topics", "gram_hash", "leading_tokens"]

U64 = np.uint64


@part
def gram_hash(tokens: NDArray[np.uint64], first: Int, size: Int) -> Int:
    """Hash of `size` tokens, never 0."""
    value = U64(size)
    for i in range(first, first + size):
        value = mix(value, tokens[i])
    return max(value, U64(1))


@kernel
def leading_tokens(strings: Strings, tables: FoldTables, n_tokens: int) -> NDArray[np.uint64]:
    """First tokens of every row, shape (rows, n_tokens); 0 past the end, all numbers alike."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    found = np.zeros((n_rows, n_tokens), np.uint64)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        for i in range(min(n, n_tokens)):
            token = room.tokens[i]
            found[row, i] = DIGITS if token & KIND_MASK == DIGITS else token
    return found


@kernel
def first_topics(
    strings: Strings, tables: FoldTables, words: NDArray[np.uint64], topic_of: NDArray[np.int8]
) -> NDArray[np.int8]:
    """Smallest topic of the words of each row, -1 without any; `words` ascend."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    found = np.full(n_rows, -1, np.int8)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        for i in range(n):
            at = np.searchsorted(words, room.tokens[i])
            if at < len(words) and words[at] == room.tokens[i] and (found[row] < 0 or topic_of[at] < found[row]):
                found[row] = topic_of[at]
    return found


@kernel
def _slot(table: NDArray[np.uint64], gram: Int) -> Int:
    """Slot of a gram in an open hash table, or the free one where it belongs."""
    slot = np.int64(gram & U64(len(table) - 1))
    while table[slot] != gram and table[slot] != 0:
        slot = (slot + 1) & (len(table) - 1)
    return slot


@kernel
def closest(
    strings: Strings, tables: FoldTables, grams: NDArray[np.uint64], weights: NDArray[np.float64], longest: int
) -> NDArray[np.float64]:
    """Largest cosine of the counts of 1-, 2- and 3-grams of each row with a list of texts.

    grams       Distinct grams of these texts, ascending.
    weights     Count of a gram in a text over the norm of the text's counts, shape (grams, texts).
    longest     Rows with more tokens are left out: 0.
    """
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    found = np.zeros(n_rows)
    dots = np.zeros(weights.shape[1])
    n_slots = 16
    while n_slots < 6 * longest:
        n_slots *= 2
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        if n == 0 or n > longest:
            continue
        table, count = np.zeros(n_slots, np.uint64), np.zeros(n_slots)
        square = 0.0
        dots[:] = 0.0
        for size in range(1, 4):
            for i in range(n - size + 1):
                gram = gram_hash(room.tokens, i, size)
                slot = _slot(table, gram)
                table[slot] = gram
                square += 2.0 * float(count[slot]) + 1.0
                count[slot] += 1
                at = np.searchsorted(grams, gram)
                if at < len(grams) and grams[at] == gram:
                    dots += weights[at]
        found[row] = dots.max() / np.sqrt(square)
    return found
