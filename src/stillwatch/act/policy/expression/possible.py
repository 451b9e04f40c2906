"""What a condition can be when only some facts are told: true, false, or either.

Kleene's strong logic: a part is unknown unless the facts that are told settle it. It errs to one side only: what is
called false is false whatever the other facts are, and so a proof; what is called unknown may never be true.

References
----------
Kleene (1952), Introduction to Metamathematics, section 64.
"""

import operator
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from stillwatch.act.policy.expression.parse import Binary, Call, Choice, FactOf, Items, Literal, Node, Unary

__all__ = ["UNTOLD", "Untold", "possible"]


class Untold(Enum):
    """A value that the facts that are told do not settle."""

    UNTOLD = "untold"


UNTOLD: Final = Untold.UNTOLD

_SIGNS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "in": lambda left, right: left in right,
}
_METHODS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def possible(node: Node, told: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911 - any kind; one return a form
    """Value of a condition that passed `kinds.check`, or UNTOLD.

    told    Values of the facts that are told, by name.

    >>> from stillwatch.act.policy.expression.parse import parse
    >>> possible(parse("stream.accused && stream.bits > 3"), {"stream.accused": False})
    False
    >>> possible(parse("stream.accused && stream.bits > 3"), {"stream.accused": True})
    <Untold.UNTOLD: 'untold'>
    """
    match node:
        case Literal(value=value):
            return value
        case FactOf(name=name):
            return told.get(name, UNTOLD)
        case Items(items=items):
            return _all_told([possible(item, told) for item in items], list)
        case Unary(sign=sign, inner=inner):
            return _all_told([possible(inner, told)], lambda one: not one[0] if sign == "!" else -one[0])
        case Call(method=method, on=on, argument=argument):
            return _all_told([possible(on, told), possible(argument, told)], lambda both: _METHODS[method](*both))
        case Choice():
            return _choice(node, told)
        case Binary(sign=sign, left=left, right=right):
            both = [possible(left, told), possible(right, told)]
            if sign in {"&&", "||"}:
                return _joined(both, settles=sign == "||")
            return _all_told(both, lambda both: _SIGNS[sign](*both))


def _all_told(values: list[Any], made: Callable[[list[Any]], Any]) -> Any:  # noqa: ANN401
    return UNTOLD if UNTOLD in values else made(values)


def _joined(both: list[Any], *, settles: bool) -> Any:  # noqa: ANN401
    """One side that settles it is enough; otherwise both must be told."""
    if settles in both:
        return settles
    return UNTOLD if UNTOLD in both else not settles


def _choice(node: Choice, told: Mapping[str, Any]) -> Any:  # noqa: ANN401
    test = possible(node.test, told)
    if test is not UNTOLD:
        return possible(node.yes if test else node.no, told)
    yes, no = possible(node.yes, told), possible(node.no, told)
    return yes if yes == no else UNTOLD
