"""Find literal phrases among tokens: the first two tokens through a bit map, the rest by comparison.

The twin is `stillwatch.sketch.twins.marks`.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, SCRIPT_BITS, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["Phrases", "phrase_key", "prompt_rows", "system_rows"]

U64 = np.uint64
FACTOR_A, FACTOR_B = U64(0x9E3779B97F4A7C15), U64(0xC2B2AE3D27D4EB4F)
MAP_SHIFT = U64(64 - 15)
"""The bit map has 2**15 bits: it stays in the first-level cache."""

Phrases: TypeAlias = tuple[
    NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint64], NDArray[np.uint16]
]
"""Bit map; keys, ascending; first token of each phrase and the end of the last; tokens; class bits."""


@part
def phrase_key(first: Int, second: Int) -> Int:
    """Key of a phrase that begins with these tokens."""
    value = (first + (second << U64(32) | second >> U64(32))) * FACTOR_A
    return (value ^ value >> U64(32)) * FACTOR_B


@part
def _matches(tokens: NDArray[np.uint64], n_tokens: Int, at: Int, phrases: Phrases, key: Int) -> Int:
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


@part
def _marks(tokens: NDArray[np.uint64], n_tokens: Int, phrases: Phrases) -> Int:
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


@part
def _script(tokens: NDArray[np.uint64], n_tokens: Int, seen: NDArray[np.int64]) -> Int:
    """Script of most tokens, the first of equals; 0 without letters."""
    seen[:] = 0
    for i in range(n_tokens):
        seen[(tokens[i] >> U64(2)) & SCRIPT_BITS] += 1
    seen[0] = 0
    return np.argmax(seen)


@part
def _has_word(tokens: NDArray[np.uint64], n_tokens: Int) -> Int:
    i = 0
    while i < n_tokens and tokens[i] & KIND_MASK == DIGITS:
        i += 1
    return i < n_tokens


@kernel
def prompt_rows(
    strings: Strings, tables: FoldTables, phrases: Phrases
) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint16]]:
    """Number of tokens, script and elicitation marks of every row."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    sizes, scripts = np.zeros(n_rows, np.int32), np.zeros(n_rows, np.uint8)
    marks, seen = np.zeros(n_rows, np.uint16), np.zeros(16, np.int64)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, ascii_only = tokenize(address, length, tables, room)
        sizes[row] = n
        scripts[row] = _has_word(room.tokens, n) if ascii_only else _script(room.tokens, n, seen)
        marks[row] = _marks(room.tokens, n, phrases)
    return sizes, scripts, marks


@kernel
def system_rows(
    strings: Strings, hashes: NDArray[np.uint64], tables: FoldTables, phrases: Phrases
) -> NDArray[np.uint16]:
    """Elicitation marks of every row; equal hashes are looked at once."""
    n_rows, room = len(hashes), room_for(strings)
    marks = np.zeros(n_rows, np.uint16)
    n_slots = 64
    while n_slots < 2 * n_rows:
        n_slots *= 2
    keys, values = np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.uint16)
    for row in range(n_rows):
        if not hashes[row]:
            continue
        slot = np.int64(hashes[row] & U64(n_slots - 1))
        while keys[slot] != hashes[row] and keys[slot] != 0:
            slot = (slot + 1) & (n_slots - 1)
        if keys[slot] == 0:
            address, length = readable(strings, row, room)
            n, _ = tokenize(address, length, tables, room)
            keys[slot], values[slot] = hashes[row], _marks(room.tokens, n, phrases)
        marks[row] = values[slot]
    return marks
