"""Which rules rest on the word of partners: in their own condition, or through a risk tier."""

from collections.abc import Iterable

from stillwatch.act.policy.policy import Policy, Rule

__all__ = ["PartnerRules"]


class PartnerRules:
    """Rules that rest on partners, of the policy that was asked about last.

    A rule that reads the risk tier rests on partners when a condition of any tier does.
    """

    def __init__(self) -> None:
        self._known: tuple[str, frozenset[str]] = "", frozenset()

    def hold(self, policy: Policy, rule: Rule) -> bool:
        """Whether a rule of a policy rests on partners."""
        version, names = self._known
        if version != policy.version:
            names = _resting(policy)
            self._known = policy.version, names
        return rule.name in names


def _resting(policy: Policy) -> frozenset[str]:
    groups = ["partner"]
    if any(_reads(tier.when.uses, groups) for tier in policy.tiers):
        groups.append("risk")
    return frozenset(rule.name for rule in policy.rules if _reads(rule.when.uses, groups))


def _reads(uses: Iterable[str], groups: Iterable[str]) -> bool:
    return any(name.partition(".")[0] in groups for name in uses)
