"""Find literal phrases among tokens: the first two tokens through a bit map, the rest by comparison.

The twin is `stillwatch.sketch.twins.marks`.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, SCRIPT_BITS, Tables, readable, scratch_for, tokenize

__all__ = ["Phrases", "phrase_key", "prompt_rows", "system_rows"]

U64 = np.uint64
FACTOR_A, FACTOR_B = U64(0x9E3779B97F4A7C15), U64(0xC2B2AE3D27D4EB4F)
MAP_SHIFT = U64(64 - 15)
"""The bit map has 2**15 bits: it stays in the first-level cache."""

Phrases: TypeAlias = tuple[
    NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint64], NDArray[np.uint16]
]
"""Bit map; keys, ascending; first token of each phrase and the end of the last; tokens; class bits."""


@kernel
def phrase_key(first: np.uint64, second: np.uint64) -> np.uint64:
    """Key of a phrase that begins with these tokens."""
    value = (first + (second << U64(32) | second >> U64(32))) * FACTOR_A
    return (value ^ value >> U64(32)) * FACTOR_B


@kernel
def _matches(tokens: NDArray[np.uint64], n_tokens: int, at: int, phrases: Phrases, key: np.uint64) -> np.uint16:
    """Class bits of all phrases that begin at token `at`."""
    _, keys, firsts, words, classes = phrases
    found = np.uint16(0)
    phrase = np.searchsorted(keys, key)
    while phrase < len(keys) and keys[phrase] == key:
        length = firsts[phrase + 1] - firsts[phrase]
        same = at + length <= n_tokens
        for i in range(length if same else 0):
            same = same and words[firsts[phrase] + i] == tokens[at + i]
        if same:
            found |= classes[phrase]
        phrase += 1
    return found


@kernel
def _marks(tokens: NDArray[np.uint64], n_tokens: int, phrases: Phrases) -> np.uint16:
    bitmap = phrases[0]
    found = np.uint16(0)
    for i in range(n_tokens):
        token = tokens[i]
        tokens[i] = DIGITS if token & KIND_MASK == DIGITS else token
    for i in range(n_tokens - 1):
        key = phrase_key(tokens[i], tokens[i + 1])
        bit = key >> MAP_SHIFT
        if bitmap[bit >> U64(6)] >> (bit & U64(63)) & U64(1):
            found |= _matches(tokens, n_tokens, i, phrases, key)
    return found


@kernel
def _script(tokens: NDArray[np.uint64], n_tokens: int, plain: bool, seen: NDArray[np.int64]) -> int:
    """Script of most tokens, the first of equals; 0 without letters. Plain text is Latin where it has a letter."""
    if plain:
        for i in range(n_tokens):
            if tokens[i] & KIND_MASK != DIGITS:
                return 1
        return 0
    seen[:] = 0
    for i in range(n_tokens):
        seen[np.int64((tokens[i] >> U64(2)) & SCRIPT_BITS)] += 1
    seen[0] = 0
    return np.int64(np.argmax(seen))


@kernel
def prompt_rows(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], tables: Tables, phrases: Phrases
) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint16]]:
    """Number of tokens, script and elicitation marks of every row."""
    n_rows = len(offsets) - 1
    sizes, scripts = np.zeros(n_rows, np.int32), np.zeros(n_rows, np.uint8)
    marks = np.zeros(n_rows, np.uint16)
    copy, tokens, starts, ends = scratch_for(offsets)
    seen = np.zeros(16, np.int64)
    for row in range(n_rows):
        length = offsets[row + 1] - offsets[row]
        address = readable(data, offsets[row], offsets[row + 1], copy)
        n, plain = tokenize(address, length, tables, tokens, starts, ends)
        sizes[row] = n
        scripts[row] = _script(tokens, n, plain, seen)
        marks[row] = _marks(tokens, n, phrases)
    return sizes, scripts, marks


@kernel
def system_rows(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    tables: Tables,
    phrases: Phrases,
) -> NDArray[np.uint16]:
    """Elicitation marks of every row; equal hashes are looked at once."""
    n_rows = len(hashes)
    marks = np.zeros(n_rows, np.uint16)
    n_slots = 64
    while n_slots < 2 * n_rows:
        n_slots *= 2
    keys, values = np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.uint16)
    copy, tokens, starts, ends = scratch_for(offsets)
    for row in range(n_rows):
        if not hashes[row]:
            continue
        slot = np.int64(hashes[row] & U64(n_slots - 1))
        while keys[slot] != hashes[row] and keys[slot] != 0:
            slot = (slot + 1) & (n_slots - 1)
        if keys[slot] == 0:
            address = readable(data, offsets[row], offsets[row + 1], copy)
            n, _ = tokenize(address, offsets[row + 1] - offsets[row], tables, tokens, starts, ends)
            keys[slot], values[slot] = hashes[row], _marks(tokens, n, phrases)
        marks[row] = values[slot]
    return marks
