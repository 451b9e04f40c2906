"""Find literal phrases among tokens: the first two tokens through a bit map, the rest by comparison.

The twin is `stillwatch.sketch.twins.marks`.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part
from stillwatch.sketch._kernels_counts import Prepared
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, SCRIPT_BITS, Room, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["BUCKET_BITS", "MAP_BITS", "Phrases", "Prompts", "phrase_key", "prompt_rows", "read_prompt", "system_rows"]

U64 = np.uint64
ONE, HALF = U64(1), U64(32)
MAP_BITS, BUCKET_BITS = 16, 10
MAP_SHIFT, BUCKET_SHIFT = U64(64 - MAP_BITS), U64(64 - BUCKET_BITS)
"""The bit map has 8 kB: it stays in the first-level cache."""

Phrases: TypeAlias = tuple[
    NDArray[np.uint64],
    NDArray[np.int32],
    NDArray[np.uint64],
    NDArray[np.int32],
    NDArray[np.uint64],
    NDArray[np.uint16],
]
"""Bit map of keys; first phrase of each bucket of keys; keys, ascending; first token of phrases; tokens; class bits."""


class Prompts(NamedTuple):
    """What fingerprints hold of the words of prompts, row by row.

    n_tokens       Tokens, int32.
    script         Dominant script, uint8.
    elicitation    Class bits, uint16.
    """

    n_tokens: NDArray[np.int32]
    script: NDArray[np.uint8]
    elicitation: NDArray[np.uint16]


@part
def phrase_key(first: Int, second: Int) -> Int:
    """Key of a phrase that begins with these tokens, numbers alike; tokens are hashes, so a sum will do."""
    return first + (second << HALF | second >> HALF)


@part
def _alike(token: Int) -> Int:
    return DIGITS if token & KIND_MASK == DIGITS else token


@part
def _matches(tokens: NDArray[np.uint64], n_tokens: Int, at: Int, phrases: Phrases, key: Int) -> Int:
    """Class bits of all phrases that begin at token `at`."""
    _, buckets, keys, firsts, words, classes = phrases
    found = np.uint16(0)
    bucket = key >> BUCKET_SHIFT
    for phrase in range(buckets[bucket], buckets[bucket + ONE]):
        length = firsts[phrase + 1] - firsts[phrase]
        same = keys[phrase] == key and at + length <= n_tokens
        for i in range(length if same else 0):
            same = same and words[firsts[phrase] + i] == _alike(tokens[at + i])
        if same:
            found |= classes[phrase]
    return found


@part
def _marks(tokens: NDArray[np.uint64], n_tokens: Int, phrases: Phrases) -> Int:
    bitmap = phrases[0]
    found = np.uint16(0)
    second = _alike(tokens[0])
    for i in range(n_tokens - 1):
        first = second
        second = _alike(tokens[i + 1])
        key = phrase_key(first, second)
        bit = key >> MAP_SHIFT
        if bitmap[bit >> U64(6)] >> (bit & U64(63)) & ONE:
            found |= _matches(tokens, n_tokens, i, phrases, key)
    return found


@part
def _script(tokens: NDArray[np.uint64], n_tokens: Int, seen: NDArray[np.int64]) -> Int:
    """Script of most tokens, the first of equals; 0 without letters."""
    for i in range(len(seen)):
        seen[i] = 0
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


@part
def read_prompt(room: Room, prepared: Prepared, phrases: Phrases, seen: NDArray[np.int64]) -> tuple[Int, Int]:
    """Dominant script and elicitation marks of a prompt."""
    n = prepared.n_tokens
    script = _has_word(room.tokens, n) if prepared.ascii_only else _script(room.tokens, n, seen)
    return script, _marks(room.tokens, n, phrases)


@kernel
def prompt_rows(strings: Strings, tables: FoldTables, phrases: Phrases) -> Prompts:
    """Number of tokens, script and elicitation marks of every row."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    sizes, scripts = np.zeros(n_rows, np.int32), np.zeros(n_rows, np.uint8)
    marks, seen = np.zeros(n_rows, np.uint16), np.zeros(16, np.int64)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        sizes[row], ascii_only = tokenize(address, length, tables, room)
        prepared = Prepared(address, np.int64(sizes[row]), 0, ascii_only)
        scripts[row], marks[row] = read_prompt(room, prepared, phrases, seen)
    return Prompts(sizes, scripts, marks)


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
