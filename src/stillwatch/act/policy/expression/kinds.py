"""Kinds of what stands in a condition: whatever passes cannot fail when it is evaluated.

CEL finds out at run time that a text was compared with a number, and a double added to a whole number; a rule would
then silently stop to match. Facts are finite and bounded, `*` needs a literal and does not nest, and there is no
division: sums and products stay finite, so that comparisons of them are defined.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from stillwatch.act.policy.expression.parse import Binary, Call, Choice, FactOf, Items, Literal, Node, Unary, walk
from stillwatch.act.policy.expression.tokens import WrongExpression

__all__ = ["Kind", "check", "kind_of"]

_MOST_NUMBER: Final = 1e12


class Kind(StrEnum):
    """Kind of a part; the words stand in messages."""

    NUMBER = "a number"
    WHOLE = "a whole number"
    TEXT = "a text"
    TRUTH = "true or false"
    NUMBERS = "a list of numbers"
    TEXTS = "a list of texts"


METHODS: Final = ("contains", "startsWith", "endsWith")
"""`matches` is not among them: it compiles its pattern on each evaluation, a hundred times the cost of a rule."""

_NUMBERS: Final = {Kind.NUMBER, Kind.WHOLE}
_LIST_OF: Final = {Kind.NUMBER: Kind.NUMBERS, Kind.WHOLE: Kind.NUMBERS, Kind.TEXT: Kind.TEXTS}


def check(node: Node, facts: Mapping[str, Kind]) -> list[WrongExpression]:
    """All that is wrong with a condition: names that are no facts, else the first place where kinds do not fit.

    facts   Kind of each fact by name.
    """
    unknown = [
        WrongExpression(f"{one.name} is no fact", one.at)
        for one in walk(node)
        if isinstance(one, FactOf) and one.name not in facts
    ]
    if unknown:
        return unknown
    try:
        found = kind_of(node, facts)
        _must(node, found is Kind.TRUTH, f"a condition must be true or false, got {found}")
    except WrongExpression as wrong:
        return [wrong]
    return []


def kind_of(node: Node, facts: Mapping[str, Kind]) -> Kind:  # noqa: PLR0911 - one a form of node
    """Kind of a part.

    Raises      WrongExpression where kinds do not fit.
    """
    match node:
        case Literal():
            return _literal(node)
        case FactOf(name=name):
            return facts[name]
        case Items(items=items):
            return _items(node, [kind_of(item, facts) for item in items])
        case Unary(sign=sign, inner=inner):
            return _unary(node, sign, kind_of(inner, facts))
        case Call(on=on, argument=argument):
            return _call(node, kind_of(on, facts), kind_of(argument, facts))
        case Choice(test=test, yes=yes, no=no):
            kinds = [kind_of(part, facts) for part in (test, yes, no)]
            _must(node, kinds[0] is Kind.TRUTH, f"? must follow true or false, got {kinds[0]}")
            _must(node, kinds[1] is kinds[2], f"both sides of : must be alike, got {kinds[1]} and {kinds[2]}")
            return kinds[1]
        case Binary(left=left, right=right):
            return _binary(node, kind_of(left, facts), kind_of(right, facts))


def _must(node: Node, holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise WrongExpression(message, node.at)


def _literal(node: Literal) -> Kind:
    if isinstance(node.value, bool):
        return Kind.TRUTH
    if isinstance(node.value, str):
        return Kind.TEXT
    _must(node, node.value <= _MOST_NUMBER, f"a number must be at most {_MOST_NUMBER:g}")
    return Kind.WHOLE if isinstance(node.value, int) else Kind.NUMBER


def _items(node: Items, kinds: list[Kind]) -> Kind:
    lists = {_LIST_OF.get(kind) for kind in kinds}
    _must(node, len(lists) == 1 and None not in lists, "a list must hold numbers or texts, at least one, all alike")
    return lists.pop() or Kind.TEXTS


def _unary(node: Unary, sign: str, inner: Kind) -> Kind:
    if sign == "!":
        _must(node, inner is Kind.TRUTH, f"! must stand before true or false, got {inner}")
    else:
        _must(node, inner in _NUMBERS, f"- must stand before a number, got {inner}")
    return inner


def _call(node: Call, on: Kind, argument: Kind) -> Kind:
    _must(node, node.method in METHODS, f"{node.method} is no method of conditions; there are {', '.join(METHODS)}")
    _must(node, on is Kind.TEXT and argument is Kind.TEXT, f"{node.method} must be asked of a text about a text")
    return Kind.TRUTH


def _binary(node: Binary, left: Kind, right: Kind) -> Kind:
    sign, are_numbers = node.sign, {left, right} <= _NUMBERS
    both = f"got {left} and {right}"
    if sign in {"&&", "||"}:
        _must(node, left is right is Kind.TRUTH, f"{sign} must join true or false, {both}")
    elif sign in {"==", "!="}:
        single = left is right and left in {Kind.TEXT, Kind.TRUTH}
        _must(node, are_numbers or single, f"{sign} must compare like with like, no lists, {both}")
    elif sign == "in":
        _must(node, _LIST_OF.get(left) is right, f"in must look for a number or text in a list of such, {both}")
    elif sign in {"+", "-", "*"}:
        return _arithmetic(node, left, right)
    else:
        _must(node, are_numbers, f"{sign} must compare numbers, {both}")
    return Kind.TRUTH


def _arithmetic(node: Binary, left: Kind, right: Kind) -> Kind:
    _must(
        node,
        left is right is Kind.NUMBER,
        f"{node.sign} must join numbers with a point (2.0, not 2), got {left} and {right}",
    )
    if node.sign == "*":
        sides = (node.left, node.right)
        nested = any(isinstance(one, Binary) and one.sign == "*" for side in sides for one in walk(side))
        _must(node, any(isinstance(side, Literal) for side in sides) and not nested, "* must have a number beside it")
    return Kind.NUMBER
