"""Order of rules: what can never be reached, and where two rules want different things."""

from collections.abc import Sequence
from typing import Any, Final

from stillwatch.act.policy.condition import Condition
from stillwatch.act.policy.expression.parse import Binary, Call, FactOf, Literal, Node, Unary
from stillwatch.act.policy.expression.possible import possible
from stillwatch.act.policy.facts import FACTS, MOST
from stillwatch.act.policy.guards import always, goes_beyond_observe, other_verdicts
from stillwatch.act.policy.policy import Policy, Rule
from stillwatch.act.policy.wrong import Problem
from stillwatch.model.decision import SEVERITY

__all__ = ["example_of", "misplaced", "warnings_of"]

_UNKNOWN: Final = {fact.name: fact.unknown for fact in FACTS}


def misplaced(rules: Sequence[Rule], lines: Sequence[int]) -> list[Problem]:
    """Rules after one that takes every request that they could match."""
    found = []
    for_all = for_accused = ""
    for rule, line in zip(rules, lines, strict=True):
        taker = for_all or (for_accused if rule.needs_stream else "")
        if taker:
            found.append(Problem(line, f"rule {rule.name} is never reached: {taker} takes all before it"))
        for_all = for_all or (rule.name if always(rule.when) else "")
        for_accused = for_accused or (rule.name if always(rule.when, of_accused=True) else "")
    return found


def warnings_of(policy: Policy) -> list[str]:
    """What is allowed and may not be meant.

    A pair of rules is found by trying one example of each condition, filled up from the other: it may be missed, and
    what is told was seen to match both. A harsher rule before a milder one is the usual ladder, and an allow or observe
    before others an exception that is meant: neither is told.
    """
    examples = [example_of(rule.when) for rule in policy.rules]
    found = []
    for later, rule in enumerate(policy.rules):
        for earlier, other in enumerate(policy.rules[:later]):
            hides = goes_beyond_observe(other.action) and SEVERITY[other.action] < SEVERITY[rule.action]
            if hides and (both := _both(other, rule, examples[earlier], examples[later])) is not None:
                found.append(
                    f"rules {other.name} ({other.action}) and {rule.name} ({rule.action}) both match "
                    f"when {_told(both)}: {other.name} comes first and wins"
                )
    return found + [
        f"rule {rule.name} may {rule.action} streams whose verdict is {', '.join(verdicts)}"
        for rule in policy.rules
        if goes_beyond_observe(rule.action) and (verdicts := other_verdicts(rule.when))
    ]


def _both(one: Rule, other: Rule, first: dict[str, Any] | None, second: dict[str, Any] | None) -> dict[str, Any] | None:
    """Facts that fulfil both conditions; None when none were found."""
    if first is None or second is None:
        return None
    for told in (second, first, {**first, **second}, {**second, **first}):
        if one.when.can_be({**_UNKNOWN, **told}) is True and other.when.can_be({**_UNKNOWN, **told}) is True:
            return told
    return None


def _told(facts: dict[str, Any]) -> str:
    shown = [
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}" for name, value in facts.items()
    ]
    return " and ".join(sorted(shown)[:4]) or "nothing is known"


def example_of(condition: Condition) -> dict[str, Any] | None:
    """Facts that fulfil a condition with all others not known; None when none were found.

    >>> from stillwatch.act.policy.condition import condition_of
    >>> example_of(condition_of("stream.accused && stream.bits > 40")[0])
    {'stream.accused': True, 'stream.bits': 41.0}
    """
    for told in _ways(condition.tree, want=True):
        if condition.can_be({**_UNKNOWN, **told}) is True:
            return told
    return None


_MOST_WAYS: Final = 32


def _ways(node: Node, *, want: bool) -> list[dict[str, Any]]:  # noqa: PLR0911 - one a form of node
    """Facts under which a part may be as wanted, a few of the ways."""
    match node:
        case Unary(sign="!", inner=inner):
            return _ways(inner, want=not want)
        case Binary(sign="&&" | "||" as sign, left=left, right=right):
            first, second = _ways(left, want=want), _ways(right, want=want)
            if (sign == "&&") is want:  # both sides are needed
                return [{**one, **other} for one in first for other in second][:_MOST_WAYS]
            return (first + second)[:_MOST_WAYS]
        case FactOf(name=name):
            return [{name: want}]
        case Literal(value=value):
            return [{}] if value is want else []
        case Binary(sign=sign, left=FactOf(name=name), right=right):
            return [{name: value} for value in _values(sign, possible(right, _UNKNOWN), want=want)]
        case Binary(sign=sign, left=left, right=FactOf(name=name)) if sign in _TURNED:
            return [{name: value} for value in _values(_TURNED[sign], possible(left, _UNKNOWN), want=want)]
        case Call(on=FactOf(name=name), argument=Literal(value=value)):
            return [{name: value if want else ""}]
        case Binary(sign="in", left=Literal(value=value), right=FactOf(name=name)):
            return [{name: [value] if want else []}]
        case _:
            return [{}]


_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _values(sign: str, other: Any, *, want: bool) -> list[Any]:  # noqa: ANN401
    """Values of a fact that stands to a value as wanted."""
    if sign == "in":
        return list(other) if want else [_unlike(other[0])]
    sign = sign if want else _OPPOSITE[sign]
    if sign == "!=":
        return [_unlike(other)]
    if sign == "==":
        return [other]
    step = {"<": -1.0, "<=": 0.0, ">": 1.0, ">=": 0.0}[sign]
    return [min(max(float(other) + step, -MOST), MOST)]


def _unlike(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, bool):
        return not value
    return f"not {value}" if isinstance(value, str) else float(value) + 1.0
