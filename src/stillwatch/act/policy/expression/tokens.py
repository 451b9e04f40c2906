"""Words of a condition: those of CEL that conditions may use, each with its place."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["Token", "TokenKind", "WrongExpression", "squeezed", "tokens"]


class WrongExpression(InvalidInput):
    """A condition is not of the language.

    at      Place in its text, from 0 on.
    """

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    text    As written; of a text what is between its quotes, escapes undone.
    at      Place in the condition, from 0 on.
    """

    kind: TokenKind
    text: str
    at: int


_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n\f]+|//[^\n]*)
    |(?P<number>[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?)?(?![A-Za-z0-9_.]))
    |(?P<text>"(?:[^"\\\n]|\\["'\\])*"|'(?:[^'\\\n]|\\["'\\])*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?!["']))
    |(?P<sign>&&|\|\||==|!=|<=|>=|[<>!?:+\-*().,\[\]])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")


def tokens(text: str) -> list[Token]:
    """Words of a condition; the last is the end.

    Raises      WrongExpression for anything else, text in other quotes or with other escapes included.

    >>> [token.text for token in tokens('request.model == "m-1"')]
    ['request', '.', 'model', '==', 'm-1', '']
    """
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise WrongExpression(_why(text, at), at)
        word = match.group()
        if match.lastgroup == "text":
            found.append(Token(TokenKind.TEXT, _ESCAPE.sub(r"\1", word[1:-1]), at))
        elif match.lastgroup != "space":
            found.append(Token(TokenKind(match.lastgroup), word, at))
        at = match.end()
    return [*found, Token(TokenKind.END, "", len(text))]


def squeezed(text: str) -> str:
    """A condition that `tokens` reads, on one line and without its comments: what it says, not how it is laid out.

    >>> squeezed("stream.bits > 3 // a lot")
    'stream.bits > 3'
    """
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        word = " " if match.lastgroup == "space" else match.group()
        if word != " " or found[-1:] not in ([], [" "]):
            found.append(word)
    return "".join(found).rstrip(" ")


def _why(text: str, at: int) -> str:
    char = text[at]
    if char in "\"'" or text[at + 1 : at + 2] in {'"', "'"}:
        return "text must stand in one pair of plain quotes, with no escapes but \\\\, \\\" and \\'"
    if char.isdigit():
        return "numbers must look like 12 or 0.5"
    told = char if char.isprintable() and char.isascii() else f"U+{ord(char):04X}"
    return f"{told} is no sign of conditions"
