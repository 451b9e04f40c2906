"""What a policy says as JSON, every default spelled out: what its version is the digest of."""

from typing import Any

from stillwatch.act.policy.limits import Limits, names
from stillwatch.act.policy.policy import Case, Rule, Tier

__all__ = ["document_of", "rule_document"]


def document_of(
    name: str, rules: tuple[Rule, ...], tiers: tuple[Tier, ...], limits: Limits, cases: tuple[Case, ...]
) -> dict[str, Any]:
    """The document. Comments, layout and order of keys are not in it."""
    return {
        "name": name,
        "limits": {share: getattr(limits, share) for share in names()},
        "tiers": [{"name": tier.name, "when": tier.when.text, "reason": tier.reason} for tier in tiers],
        "rules": [rule_document(rule) for rule in rules],
        "cases": [
            {"name": c.name, "facts": dict(c.variables), "expects": c.expects.value, "rule": c.rule} for c in cases
        ],
    }


def rule_document(rule: Rule) -> dict[str, Any]:
    """One rule. What a throttle of a campaign tells besides is in no other rule's document."""
    own = {} if rule.own_per_day is None else {"per": rule.per.value, "own_per_day": rule.own_per_day}
    return {
        "name": rule.name,
        "when": rule.when.text,
        "then": rule.action.value,
        "reason": rule.reason,
        "lasts_s": round(rule.lasts.total_seconds()),
        "rate_per_minute": rule.rate_per_minute,
        "fails": rule.fails.value,
        **own,
    }
