"""A condition as a tree: the grammar of CEL without maps, messages, indices, macros, division and bytes.

References
----------
Common Expression Language, language definition: grammar and precedence.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

from stillwatch.act.policy.expression.tokens import Token, TokenKind, WrongExpression, tokens

__all__ = ["MOST_DEPTH", "Binary", "Call", "Choice", "FactOf", "Items", "Literal", "Node", "Unary", "parse", "walk"]

MOST_DEPTH: Final = 24
"""Of brackets."""
_MOST_CHAIN: Final = 100
"""Of the tree: what looks at it goes down as deep."""
_MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a truth; whole numbers stay `int`."""

    value: float | str | bool
    at: int


@dataclass(frozen=True, slots=True)
class FactOf:
    """A fact by its name, ``group.name``."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list of things."""

    items: tuple["Node", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``!`` or ``-`` before something."""

    sign: str
    inner: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two things and a sign between them."""

    sign: str
    left: "Node"
    right: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a text, with one argument."""

    method: str
    on: "Node"
    argument: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    """``test ? yes : no``."""

    test: "Node"
    yes: "Node"
    no: "Node"
    at: int


Node = Literal | FactOf | Items | Unary | Binary | Call | Choice

_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*",))
"""From what binds loosest to what binds tightest; all from left to right."""


def parse(text: str) -> Node:
    """Tree of a condition.

    Raises      WrongExpression with the place of what does not belong.

    >>> parse("stream.bits > 3").sign
    '>'
    """
    reader = _Reader(tokens(text))
    found = reader.choice(0)
    if reader.now.kind is not TokenKind.END:
        reader.wrong("an operator")
    level, depth = [found], 0
    while level := [inner for node in level for inner in _inside(node)]:
        depth += 1
        if depth > _MOST_CHAIN:
            message = f"a condition must join at most {_MOST_CHAIN} parts"
            raise WrongExpression(message, level[0].at)
    return found


def walk(node: Node) -> list[Node]:
    """The node and everything in it."""
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += reversed(_inside(one))
    return found


def _inside(node: Node) -> tuple[Node, ...]:
    match node:
        case Items(items=items):
            return items
        case Unary(inner=inner):
            return (inner,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(on=on, argument=argument):
            return (on, argument)
        case Choice(test=test, yes=yes, no=no):
            return (test, yes, no)
        case _:
            return ()


class _Reader:
    """Goes through the words, one rule of the grammar a method."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0

    @property
    def now(self) -> Token:
        """Word that is next."""
        return self._words[self._at]

    def wrong(self, wanted: str) -> NoReturn:
        """What is next does not belong.

        Raises      WrongExpression always.
        """
        kind = self.now.kind
        got = "the end" if kind is TokenKind.END else "a text" if kind is TokenKind.TEXT else self.now.text
        message = f"{wanted} must stand here, got {got}"
        raise WrongExpression(message, self.now.at)

    def _takes(self, *signs: str) -> Token | None:
        word = self.now
        if word.text in signs and (word.kind is TokenKind.SIGN or (word.kind is TokenKind.NAME and word.text == "in")):
            self._at += 1
            return word
        return None

    def _must(self, sign: str) -> None:
        if self._takes(sign) is None:
            self.wrong(sign)

    def choice(self, depth: int) -> Node:
        """A whole expression."""
        if depth > MOST_DEPTH:
            message = f"a condition must have at most {MOST_DEPTH} levels"
            raise WrongExpression(message, self.now.at)
        test = self._level(0, depth)
        mark = self._takes("?")
        if mark is None:
            return test
        yes = self._level(0, depth + 1)
        self._must(":")
        return Choice(test, yes, self.choice(depth + 1), mark.at)

    def _level(self, level: int, depth: int) -> Node:
        if level == len(_LEVELS):
            return self._unary(depth)
        found = self._level(level + 1, depth)
        while sign := self._takes(*_LEVELS[level]):
            found = Binary(sign.text, found, self._level(level + 1, depth), sign.at)
        return found

    def _unary(self, depth: int) -> Node:
        sign = self._takes("!", "-")
        if sign is None:
            return self._member(depth)
        if self.now.text == sign.text and self.now.kind is TokenKind.SIGN:
            message = f"{sign.text} must not stand twice"
            raise WrongExpression(message, self.now.at)
        return Unary(sign.text, self._member(depth), sign.at)

    def _member(self, depth: int) -> Node:
        found = self._primary(depth)
        while dot := self._takes("."):
            name = self._name()
            self._must("(")
            argument = self.choice(depth + 1)
            self._must(")")
            found = Call(name, found, argument, dot.at)
        return found

    def _name(self) -> str:
        word = self.now
        if word.kind is not TokenKind.NAME:
            self.wrong("a name")
        self._at += 1
        return word.text

    def _primary(self, depth: int) -> Node:
        word = self.now
        if word.kind is TokenKind.NAME and word.text != "in":
            return self._named()
        if word.kind in {TokenKind.NUMBER, TokenKind.TEXT}:
            self._at += 1
            return Literal(_value(word), word.at)
        if self._takes("("):
            inner = self.choice(depth + 1)
            self._must(")")
            return inner
        if self._takes("["):
            return Items(self._items(depth), word.at)
        return self.wrong("a fact, a value or a bracket")

    def _named(self) -> Node:
        word = self.now
        self._at += 1
        if word.text in {"true", "false"}:
            return Literal(word.text == "true", word.at)
        if self._takes("("):
            message = f"{word.text} is no function of conditions"
            raise WrongExpression(message, word.at)
        if self._takes(".") is None:
            message = f"{word.text} is no fact; facts have a group and a name, such as stream.bits"
            raise WrongExpression(message, word.at)
        return FactOf(f"{word.text}.{self._name()}", word.at)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._takes("]"):
            if items:
                self._must(",")
            items.append(self.choice(depth + 1))
        return tuple(items)


def _value(word: Token) -> float | str:
    if word.kind is TokenKind.TEXT:
        return word.text
    if len(word.text) > _MOST_DIGITS:
        message = f"a number must have at most {_MOST_DIGITS} characters, got {len(word.text)}"
        raise WrongExpression(message, word.at)
    return float(word.text) if "." in word.text else int(word.text)
