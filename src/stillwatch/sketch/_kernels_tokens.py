"""Cut UTF-8 into tokens. ASCII goes 64 bytes at a time; from a byte of 0x80 on, code point by code point.

A token is a uint64: hash of its folded letters with kind and script in the low six bits (``script << 2 | kind``).
The twin is `stillwatch.sketch.twins.tokens`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import (
    Int,
    block_masks,
    count_ones,
    count_trailing_zeros,
    highest_bit,
    kernel,
    load8,
    load64,
    multiply_fold,
    part,
)
from stillwatch.sketch.folding import (
    CLASS_SHIFT,
    CODE_MASK,
    DROPPED,
    SCRIPT_SHIFT,
    SEPARATOR,
    SEQUENCE,
    SINGLE,
    FoldTables,
)
from stillwatch.sketch.strings import Strings

__all__ = [
    "DIGITS",
    "KIND_MASK",
    "SCRIPT_BITS",
    "SECRET_A",
    "SECRET_B",
    "TAG_MASK",
    "Room",
    "readable",
    "room_for",
    "tokenize",
]

U64 = np.uint64
SECRET_A = U64(0x2D358DCCAA6C78A5)
SECRET_B = U64(0x8BB84B93962EACC9)
DIGITS, IDEOGRAM = U64(1), U64(2)
"""Kinds of tokens; words are 0."""
KIND_MASK, SCRIPT_BITS, TAG_MASK = U64(3), U64(15), U64(63)
ONE, SIXTEEN = U64(1), U64(16)
LATIN_TAG, LETTER_BIT = U64(1 << 2), U64(0x40)
LOWER = U64(0x2020202020202020)
FULL = np.array([(1 << n) - 1 for n in range(65)], np.uint64)
HIGHEST = np.array([(1 << n) >> 1 for n in range(65)], np.uint64)
KIND_OF = np.array([0, 0, 0, 1, 2, 0], np.uint64)
FIRST = np.array([(1 << 8 * min(n, 8)) - 1 for n in range(65)], np.uint64)
SECOND = np.array([(1 << 8 * min(max(n - 8, 0), 8)) - 1 for n in range(65)], np.uint64)
BYTES_PER_BLOCK = 64
PADDING = 80


class Room(NamedTuple):
    """Where one text after another is cut.

    copy      Padded copy of a text that ends near the end of its column, uint8.
    tokens    Tokens, uint64.
    starts    First byte of each, int32.
    ends      Past-the-end byte of each, int32.
    word      An open word: its hash so far, low and high half of the open 16 bytes, how many there are, uint64.
    """

    copy: NDArray[np.uint8]
    tokens: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    word: NDArray[np.uint64]


@kernel
def room_for(strings: Strings) -> Room:
    """Room for the longest row."""
    longest = 0
    for row in range(len(strings.offsets) - 1):
        longest = max(longest, strings.offsets[row + 1] - strings.offsets[row])
    size = 2 * longest + BYTES_PER_BLOCK  # no character makes more than two tokens a byte
    return Room(
        np.empty(longest + PADDING, np.uint8),
        np.empty(size, np.uint64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.zeros(4, np.uint64),
    )


@part
def readable(strings: Strings, row: Int, room: Room) -> tuple[Int, Int]:
    """Address and length of a row, from where PADDING bytes past its end may be read: in place, else in a copy."""
    data, begin, end = strings.data, strings.offsets[row], strings.offsets[row + 1]
    if end + PADDING <= len(data):
        return np.int64(data.ctypes.data) + begin, end - begin
    for i in range(end - begin):
        room.copy[i] = data[begin + i]
    return np.int64(room.copy.ctypes.data), end - begin


@part
def _long_word_hash(address: Int, length: Int) -> Int:
    value = U64(0)
    for done in range(0, length, 16):
        rest = U64(min(length - done, 64))
        low = (load64(address + done) | LOWER) & FIRST[rest]
        high = (load64(address + done + 8) | LOWER) & SECOND[rest]
        value = multiply_fold(value ^ low ^ SECRET_A, high ^ SECRET_B)
    return value


@part
def tokenize(address: Int, length: Int, tables: FoldTables, room: Room) -> tuple[Int, bool]:
    """Write the tokens of `length` bytes at `address`; return how many, and whether all was ASCII."""
    at, n, ascii_only = 0, 0, True
    while at < length:
        at, placed = _place_runs(address, at, length, room, n)
        _hash_runs(address, room, n, placed)
        n = placed
        if at < length:
            ascii_only = False
            at, n = _tokenize_slowly((address, length), at, tables, room, n)
    return n, ascii_only


@part
def _place_runs(address: Int, at: Int, length: Int, room: Room, n: Int) -> tuple[Int, Int]:
    """Write where runs of ASCII letters and of digits start and end, up to a byte of 0x80 or a run of a whole block."""
    while at < length:
        letters, digits, wide = block_masks(address + at)
        limit = min(length - at, BYTES_PER_BLOCK, count_trailing_zeros(wide))
        letters &= FULL[limit]
        digits &= FULL[limit]
        opening = (letters & ~(letters << ONE)) | (digits & ~(digits << ONE))
        closing = (~letters & (letters << ONE)) | (~digits & (digits << ONE))
        step = limit
        if limit < length - at and (letters | digits) & HIGHEST[limit]:
            step = highest_bit(opening)  # the last run may go on behind the limit
            opening ^= ONE << U64(step)
        count = count_ones(opening)
        for first in range(n, n + count, 8):  # always eight: what is written too much, the next block overwrites
            for place in range(first, first + 8):
                room.starts[U64(place)] = at + count_trailing_zeros(opening)
                room.ends[U64(place)] = at + count_trailing_zeros(closing)
                opening &= opening - ONE
                closing &= closing - ONE
        n += count
        blocked = limit < min(length - at, BYTES_PER_BLOCK)
        at += step
        if blocked or step == 0:
            break
    return at, n


@part
def _hash_runs(address: Int, room: Room, first: Int, stop: Int) -> None:
    """Write the tokens of the runs first to stop."""
    for i in range(U64(first), U64(stop)):
        start = address + room.starts[i]
        size = U64(room.ends[i] - room.starts[i])
        begin = load64(start) | LOWER
        if size <= SIXTEEN:
            low = begin & FIRST[size]
            high = (load64(start + 8) | LOWER) & SECOND[size]
            value = multiply_fold(low ^ SECRET_A, high ^ SECRET_B)
        else:
            value = _long_word_hash(start, np.int64(size))
        is_letter = begin & LETTER_BIT
        room.tokens[i] = value & ~TAG_MASK | (LATIN_TAG if is_letter else DIGITS)


@part
def _tokenize_slowly(text: tuple[Int, Int], at: Int, tables: FoldTables, room: Room, n: Int) -> tuple[Int, Int]:
    """Go on code point by code point up to an ASCII character that is no letter or digit."""
    address, length = text
    _, tokens, starts, ends, word = room
    pages, units, sequences = tables
    open_tag, none = U64(0), U64(255)
    tag = none
    start, end = at, at
    while at < length:
        code, width = _code_point(address + at, length - at)
        unit = units[pages[code >> 8], code & 255]
        kind = unit >> CLASS_SHIFT
        if code < 0x80 and kind == SEPARATOR:
            break
        first, count = np.int64(0), np.int64(1)
        if kind == SEQUENCE:
            first = np.int64(unit & CODE_MASK) + 1
            count = np.int64(sequences[first - 1])
        for index in range(first, first + count):
            if first:
                unit = sequences[index]
                kind = unit >> CLASS_SHIFT
            if kind == DROPPED:
                continue
            wanted = none if kind == SEPARATOR else U64(KIND_OF[kind])
            if tag != none and (wanted != tag or kind == SINGLE):
                tokens[n] = _closed(word) & ~TAG_MASK | open_tag
                starts[n] = start
                ends[n] = end
                n += 1
                tag = none
            if wanted != none:
                if tag == none:
                    tag = wanted
                    open_tag = wanted | U64((unit >> SCRIPT_SHIFT) & 15) << U64(2)
                    start = at
                _append(word, unit & CODE_MASK)
                end = at + width
        at += width
    if tag != none:
        tokens[n] = _closed(word) & ~TAG_MASK | open_tag
        starts[n] = start
        ends[n] = end
        n += 1
    return at, n


@part
def _code_point(address: Int, rest: Int) -> tuple[Int, Int]:
    """Code point at `address` and its width; a byte that cannot begin one is U+FFFD."""
    lead = np.int64(load8(address))
    if lead < 0x80:
        return lead, 1
    width = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC0 or width > rest:
        return 0xFFFD, 1
    code = lead & (0x7F >> width)
    for i in range(1, width):
        code = code << 6 | (np.int64(load8(address + i)) & 0x3F)
    return min(code, 0x10FFFF), width


@part
def _append(word: NDArray[np.uint64], code: Int) -> None:
    """Add the UTF-8 bytes of one code point to the open word."""
    width = 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    for i in range(width):
        byte = (code >> (6 * (width - 1 - i))) & 0x3F | 0x80
        if i == 0:
            byte = code if width == 1 else code >> (6 * (width - 1)) | (0xF00 >> width) & 0xFF
        if word[3] == 16:
            word[0] = multiply_fold(word[0] ^ word[1] ^ SECRET_A, word[2] ^ SECRET_B)
            word[1:] = 0
        if word[3] < 8:
            word[1] |= U64(byte) << (U64(8) * word[3])
        else:
            word[2] |= U64(byte) << (U64(8) * (word[3] - U64(8)))
        word[3] += ONE


@part
def _closed(word: NDArray[np.uint64]) -> Int:
    """Hash of the open word, which begins anew."""
    value = multiply_fold(word[0] ^ word[1] ^ SECRET_A, word[2] ^ SECRET_B)
    word[:] = 0
    return value
