"""Read one test case."""

from collections.abc import Mapping
from typing import Any, Final

from stillwatch.act.policy.facts import FACT_OF, UNKNOWN, FactKind
from stillwatch.act.policy.fields import Fields
from stillwatch.act.policy.policy import Case
from stillwatch.model.decision import Action

__all__ = ["read_case"]

_KEYS: Final = ("name", "expects", "rule", *UNKNOWN)


def read_case(fields: Fields) -> Case | None:
    """Case of its table; None when anything is wrong with it, which is noted."""
    name = fields.name()
    expects = fields.choice("expects", Action)
    rule = fields.take("rule")
    if rule is not None and not isinstance(rule, str):
        fields.wrong("rule", f"case rule must be a text, got {type(rule).__name__}")
    told = {group: _group(fields, group) for group in UNKNOWN}
    fields.end(_KEYS)
    if fields.missed or name is None or expects is None:
        return None
    return Case(name, _implied(told), expects, rule, fields.line())


def _group(fields: Fields, group: str) -> dict[str, Any]:
    told = fields.take(group)
    if told is None:
        return {}
    if not isinstance(told, dict):
        fields.wrong(group, f"case {group} must be a table of facts")
        return {}
    found = {}
    for key, value in told.items():
        fact = FACT_OF.get(f"{group}.{key}")
        if fact is None:
            shown = key if key.isascii() and key.isidentifier() else "a key"
            fields.wrong(group, f"{shown} is no fact of {group}; there are {', '.join(UNKNOWN[group])}")
        elif (read := _value(fact.kind, value)) is None:
            fields.wrong(group, f"{fact.name} must be a {fact.kind}, got {type(value).__name__}")
        else:
            found[key] = read
    return found


def _value(kind: FactKind, value: object) -> Any:  # noqa: ANN401
    """The value as the facts have it; None when it is of another kind."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e15
    fits = {
        FactKind.NUMBER: is_number,
        FactKind.TEXT: isinstance(value, str),
        FactKind.TRUTH: isinstance(value, bool),
        FactKind.TEXTS: isinstance(value, list) and all(isinstance(one, str) for one in value),
    }
    if not fits[kind]:
        return None
    return float(value) if kind is FactKind.NUMBER else value  # type: ignore[arg-type]


def _implied(told: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What follows from what a case tells: a told stream is accused, differences and counts fit."""
    stream, partner = told["stream"], told["partner"]
    if stream:
        stream.setdefault("accused", True)
        if {"bits", "bar_bits"} <= stream.keys():
            stream.setdefault("bits_over_bar", stream["bits"] - stream["bar_bits"])
    if "indicators" in partner:
        partner.setdefault("n_indicators", float(len(partner["indicators"])))
    return {group: facts for group, facts in told.items() if facts}
