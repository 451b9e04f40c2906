"""What one policy does otherwise than another, rule by rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillwatch.act.policy.document import rule_document
from stillwatch.act.policy.limits import names
from stillwatch.act.policy.policy import Policy

__all__ = ["Change", "difference"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    what    ``rule harvest``, ``tier high``, ``limits``.
    how     added, removed, changed or moved.
    fields  Of what was changed: before and after, by name; None where a field is not there.
    """

    what: str
    how: str
    fields: Mapping[str, tuple[Any, Any]]


def difference(before: Policy, after: Policy) -> list[Change]:
    """Changes from one to the other, in the order of what is there after; cases are no behaviour and left out."""
    limits = _fields(
        {name: getattr(before.limits, name) for name in names()},
        {name: getattr(after.limits, name) for name in names()},
    )
    found = [Change("limits", "changed", limits)] if limits else []
    found += _of("tier", _tiers(before), _tiers(after))
    rules = [{rule.name: rule_document(rule) for rule in policy.rules} for policy in (before, after)]
    found += _of("rule", *rules)
    stayed = [[name for name in these if name in those] for these, those in (rules, rules[::-1])]
    found += [
        Change(f"rule {name}", "moved", {"place": (stayed[0].index(name) + 1, place)})
        for place, name in enumerate(stayed[1], 1)
        if stayed[0].index(name) + 1 != place
    ]
    return found


def _tiers(policy: Policy) -> dict[str, dict[str, Any]]:
    """Tiers by name, with all ways into each."""
    found: dict[str, dict[str, Any]] = {}
    for tier in policy.tiers:
        found.setdefault(tier.name, {"ways": []})["ways"].append(f"{tier.when.text}: {tier.reason}")
    return found


def _of(what: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    found = []
    for name, now in after.items():
        if name not in before:
            found.append(Change(f"{what} {name}", "added", {}))
        elif changed := _fields(before[name], now):
            found.append(Change(f"{what} {name}", "changed", changed))
    return found + [Change(f"{what} {name}", "removed", {}) for name in before if name not in after]


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = (*after, *(name for name in before if name not in after))
    told = {name: (before.get(name), after.get(name)) for name in names}
    return {name: (old, new) for name, (old, new) in told.items() if old != new}
