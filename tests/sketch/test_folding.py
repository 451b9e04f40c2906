"""What becomes of each character."""

import unicodedata

import pytest

from stillwatch.sketch import twins
from stillwatch.sketch.folding import (
    CLASS_SHIFT,
    CODE_MASK,
    SCRIPT_SHIFT,
    SCRIPTS,
    SEQUENCE,
    Unit,
    fold_tables,
    units_of,
)

LETTERS = {
    "Latin": "eé",
    "Cyrillic": "жё",
    "Greek": "λΩ",
    "Arabic": "ع",
    "Hebrew": "ש",
    "Devanagari": "क",
    "Han": "中",
    "Kana": "かｱ",
    "Hangul": "한",
    "Thai": "ก",
    "other": "ა",
}


def from_tables(code: int) -> tuple[Unit, ...]:
    """Units of a code point as the kernel reads them."""
    tables = fold_tables()
    packed = [int(tables.units[tables.pages[code >> 8], code & 255])]
    if packed[0] >> CLASS_SHIFT == SEQUENCE:
        first = packed[0] & CODE_MASK
        packed = tables.sequences[first + 1 : first + 1 + int(tables.sequences[first])].tolist()
    units = (Unit(p >> CLASS_SHIFT, p >> SCRIPT_SHIFT & 15, p & CODE_MASK) for p in packed)
    return tuple(unit for unit in units if unit.kind != 1)


def test_tables_say_what_python_says() -> None:
    """Every sixth code point of the first three planes, and all of the first 12,000."""
    codes = [*range(12_000), *range(12_000, 0x32400, 6), *range(0xE0000, 0xE0200), 0x10FFFF]
    wrong = [hex(c) for c in codes if not 0xD800 <= c < 0xE000 and from_tables(c) != units_of(chr(c))]
    assert not wrong


def test_no_character_makes_more_than_two_tokens_a_byte() -> None:
    """The kernels keep room for that many; only characters with a decomposition make more than one."""
    composed = (chr(code) for code in range(0x32400) if unicodedata.decomposition(chr(code)))
    assert not [c for c in composed if len(twins.tokens(c)) > 2 * len(c.encode())]


@pytest.mark.parametrize("script", LETTERS)
def test_letters_have_their_script(script: str) -> None:
    """Some letters of each script."""
    assert {SCRIPTS[units_of(letter)[0].script] for letter in LETTERS[script]} == {script}


def test_all_scripts_are_tried() -> None:
    """A new script needs a letter here."""
    assert {"none", *LETTERS} == set(SCRIPTS)
