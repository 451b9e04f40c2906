"""Undo what hides a value from a scanner: full width, zero width, look-alike letters, digits of other scripts."""

import unicodedata
from typing import Final

__all__ = ["plain", "readings"]

_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕԁһкмтвнАВЕКМНОРСТУХІЈЅαορνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ‐‑‒–—−․。｡∕⁄＠﹫",
    "aeopcyxijsdhkmtbhABEKMHOPCTYXIJSaopviktuxABEZHIKMNOPTYX------...//@@",
)
_DIGIT_LIKE: Final = str.maketrans("OoQIlLiSsBZzG", "0001111558226")


def plain(text: str) -> str:
    r"""The same text in ASCII letters and digits where it only looks like them; invisible characters are gone.

    >>> plain("４１１１ 1\u200b23 аcct")
    '4111 123 acct'
    """
    if text.isascii():
        return "".join(c for c in text if c.isprintable() or c in "\n\t ")
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    kept = (c for c in unicodedata.normalize("NFKD", folded) if unicodedata.category(c) not in {"Cf", "Mn", "Cc"})
    return "".join(_digit(c) for c in kept)


def readings(text: str) -> tuple[str, str]:
    """Plain text, and the same with letters that stand for digits read as digits: ``4I11`` is 4111.

    >>> readings("4I1l OO")[1]
    '4111 00'
    """
    known = plain(text)
    return known, known.translate(_DIGIT_LIKE)


def _digit(character: str) -> str:
    value = unicodedata.digit(character, None)
    return character if value is None else str(value)
