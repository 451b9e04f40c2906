"""From code points to units of tokens: what becomes of every character, as tables that a kernel can read.

A unit is one folded code point (lower case, compatibility form, no marks) with its class and script. The tables come
from Python's own Unicode data, so that a newer Python may know a few more letters.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCRIPTS", "FoldTables", "Unit", "fold_tables", "units_of"]

SCRIPTS: tuple[str, ...] = (
    "none",
    "Latin",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Han",
    "Kana",
    "Hangul",
    "Thai",
    "other",
)
"""Index is the code in the column `script`."""

SEPARATOR, DROPPED, LETTER, DIGIT, SINGLE, SEQUENCE = range(6)
"""Classes of a unit: ends a token; is not there; joins a word; joins a digit run; is a token alone; several units."""

CLASS_SHIFT, SCRIPT_SHIFT, CODE_MASK = 25, 21, (1 << 21) - 1

_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "Latin": ((0x41, 0x24F), (0x250, 0x2AF), (0x1D00, 0x1D7F), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)),
    "Cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x870, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE)),
    "Hebrew": ((0x590, 0x5FF), (0xFB1D, 0xFB4F)),
    "Devanagari": ((0x900, 0x97F), (0xA8E0, 0xA8FF)),
    "Han": (
        (0x2E80, 0x2FDF),
        (0x3005, 0x3007),
        (0x3400, 0x4DBF),
        (0x4E00, 0x9FFF),
        (0xF900, 0xFAFF),
        (0x20000, 0x323AF),
    ),
    "Kana": ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0x1AFF0, 0x1B16F)),
    "Hangul": ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)),
    "Thai": ((0xE00, 0xE7F),),
}

_UNSPACED = ((0xE80, 0xEFF), (0xF00, 0xFFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3100, 0x312F), (0xA000, 0xA4CF))
"""Lao, Tibetan, Myanmar, Khmer, Bopomofo and Yi: written without spaces, as Han, Kana and Thai are."""

_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2A6DF), (0x2A700, 0x2EE5D), (0x30000, 0x323AF))
"""Unified ideographs fold to themselves; assigned or not, they are Han."""

_FOLDED = (
    (0x00, 0x3400),
    (0x4DC0, 0x4E00),
    (0xA000, 0xD800),
    (0xF900, 0x20000),
    (0x2F800, 0x2FA20),
    (0xE0000, 0xE0200),
)
"""Everything else but surrogates and private use."""

_CODE_POINTS = 0x110000
_PAGE = 256


class Unit(NamedTuple):
    """One folded code point.

    kind      SEPARATOR, DROPPED, LETTER, DIGIT or SINGLE.
    script    Index into SCRIPTS; 0 unless a letter.
    code      The code point, 0 unless it is part of a token.
    """

    kind: int
    script: int
    code: int


class FoldTables(NamedTuple):
    """Two-level table over all code points.

    pages       Number of the page that holds a block of 256 code points, uint16[4352].
    units       Packed units, uint32[pages, 256]; a SEQUENCE holds an index into `sequences`.
    sequences   Runs of packed units, each after its length, uint32.
    """

    pages: NDArray[np.uint16]
    units: NDArray[np.uint32]
    sequences: NDArray[np.uint32]


def units_of(character: str) -> tuple[Unit, ...]:
    r"""Units one character folds to.

    >>> [chr(u.code) for u in units_of("Å") + units_of("ß") + units_of("½")]
    ['a', 's', 's', '1', '\x00', '2']
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return tuple(unit for unit in map(_unit, folded) if unit.kind != DROPPED)


@cache
def fold_tables() -> FoldTables:
    """Tables for every code point, made once per process (about 0.15 s)."""
    flat = [SEPARATOR] * _CODE_POINTS
    sequences: list[int] = []
    for code in _assigned():
        units = units_of(chr(code))
        if len(units) == 1:
            flat[code] = _packed(units[0])
        elif units:
            flat[code] = SEQUENCE << CLASS_SHIFT | len(sequences)
            sequences += [len(units), *map(_packed, units)]
        else:
            flat[code] = DROPPED << CLASS_SHIFT
    for low, high in _IDEOGRAPHS:
        flat[low : high + 1] = [_packed(Unit(SINGLE, SCRIPTS.index("Han"), code)) for code in range(low, high + 1)]
    return _paged(np.array(flat, np.uint32), np.array(sequences, np.uint32))


def _paged(flat: NDArray[np.uint32], sequences: NDArray[np.uint32]) -> FoldTables:
    blocks = flat.reshape(-1, _PAGE)
    number: dict[bytes, int] = {}
    pages = np.array([number.setdefault(block.tobytes(), len(number)) for block in blocks], np.uint16)
    units = np.frombuffer(b"".join(number), np.uint32).reshape(-1, _PAGE)
    return FoldTables(pages, units, sequences)


def _assigned() -> Iterator[int]:
    for low, high in _FOLDED:
        for code in range(low, high):
            if unicodedata.category(chr(code)) != "Cn":
                yield code


@cache
def _unit(character: str) -> Unit:
    category = unicodedata.category(character)
    code = ord(character)
    if _within(code, _IDEOGRAPHS):
        return Unit(SINGLE, SCRIPTS.index("Han"), code)
    if category[0] == "L":
        script = _script(code)
        alone = SCRIPTS[script] in {"Han", "Kana", "Thai"} or _within(code, _UNSPACED)
        return Unit(SINGLE if alone else LETTER, script, code)
    if category[0] == "N":
        return Unit(DIGIT, 0, code)
    return Unit(DROPPED if category[0] == "M" or category == "Cf" else SEPARATOR, 0, 0)


def _script(code: int) -> int:
    names = (name for name, ranges in _RANGES.items() if _within(code, ranges))
    return SCRIPTS.index(next(names, "other"))


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _packed(unit: Unit) -> int:
    return unit.kind << CLASS_SHIFT | unit.script << SCRIPT_SHIFT | unit.code
