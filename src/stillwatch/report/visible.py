"""Text from strangers made safe to look at: what cannot be seen, or moves other text about, is shown by its code."""

import unicodedata
from typing import NamedTuple

__all__ = ["Piece", "clipped", "pieces", "visible"]

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u2800\u3164\uffa0")
"""Fillers and joiners that Unicode counts as letters or marks and that draw nothing."""


class Piece(NamedTuple):
    """A run of text, or one hidden character written as its code.

    text        What to draw.
    is_mark     True for ``U+202E`` and its like, which stand for a character that cannot be seen.
    """

    text: str
    is_mark: bool


def _is_hidden(character: str, layout: str) -> bool:
    if character in layout:
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _HIDDEN_LETTERS


def pieces(text: str, *, layout: str = "") -> list[Piece]:
    r"""Cut `text` into drawable runs and marks.

    layout      Control characters that may stay because the page lays them out, such as a line feed.

    >>> pieces("a\u202eb")
    [Piece(text='a', is_mark=False), Piece(text='U+202E', is_mark=True), Piece(text='b', is_mark=False)]
    """
    found: list[Piece] = []
    start = 0
    for i, character in enumerate(text):
        if _is_hidden(character, layout):
            if i > start:
                found.append(Piece(text[start:i], is_mark=False))
            found.append(Piece(f"U+{ord(character):04X}", is_mark=True))
            start = i + 1
    if start < len(text):
        found.append(Piece(text[start:], is_mark=False))
    return found


def visible(text: str, *, layout: str = "") -> str:
    r"""`text` with every hidden character written as ``⟨U+XXXX⟩``.

    >>> visible("card\u200b\x1b[31m")
    'card⟨U+200B⟩⟨U+001B⟩[31m'
    """
    if text.isascii() and text.isprintable():
        return text  # as most texts are
    return "".join(f"⟨{p.text}⟩" if p.is_mark else p.text for p in pieces(text, layout=layout))


def clipped(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, the last one an ellipsis when something was left off.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"
