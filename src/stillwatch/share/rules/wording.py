"""Wording of a segment: words, ``#`` for a number, ``*`` for any words between."""

import re
from typing import Final

from stillwatch.share.rules.terms import RULE_LIMITS

__all__ = ["ANY", "NUMBER", "pieces_of", "wording_problem"]

ANY: Final = "*"
NUMBER: Final = "#"
_WORD = re.compile(r"[a-z]+")


def wording_problem(text: str) -> str | None:
    """What is wrong with a wording; None when it can be matched.

    >>> wording_problem("rate each answer from # to # *") is None, wording_problem("a * b")
    (True, 'must have at least 3 words')
    """
    words = text.split(" ")
    if len(words) > RULE_LIMITS.tokens:
        return f"must have at most {RULE_LIMITS.tokens} words and wildcards"
    plain = [word for word in words if word not in {ANY, NUMBER}]
    if not all(_WORD.fullmatch(word) and len(word) <= RULE_LIMITS.word_length for word in plain):
        return (
            f"must be words of a to z in lower case, of at most {RULE_LIMITS.word_length} letters, "
            f"{NUMBER} for a number and {ANY} for any words, with single spaces"
        )
    if len(plain) < RULE_LIMITS.tokens_least:
        return f"must have at least {RULE_LIMITS.tokens_least} words"
    return None


def pieces_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Runs of words and numbers that stand together, in order.

    >>> pieces_of("rate # answers * and explain")
    (('rate', '#', 'answers'), ('and', 'explain'))
    """
    pieces: list[list[str]] = [[]]
    for word in text.split(" "):
        if word == ANY:
            pieces.append([])
        else:
            pieces[-1].append(word)
    return tuple(tuple(piece) for piece in pieces if piece)
