"""Run the test cases that a policy carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillwatch.act.policy.facts import UNKNOWN, risk_variables
from stillwatch.act.policy.policy import Case, Policy
from stillwatch.model.decision import Action

__all__ = ["Outcome", "run_cases"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy did in a case.

    rule    Name of the rule that decided; empty when none did.
    """

    case: Case
    action: Action
    rule: str

    @property
    def passes(self) -> bool:
        """Whether it is what the case expects."""
        return self.action is self.case.expects and self.case.rule in {None, self.rule}


def run_cases(policy: Policy) -> list[Outcome]:
    """All cases, in order; protected accounts, cleared streams and stages are no matter of a policy and not in them."""
    return [_run(policy, case) for case in policy.cases]


def _run(policy: Policy, case: Case) -> Outcome:
    variables: dict[str, Mapping[str, Any]] = {
        group: {**unknown, **case.variables.get(group, {})} for group, unknown in UNKNOWN.items()
    }
    if "risk" not in case.variables:
        variables["risk"] = risk_variables(policy.risk_of(variables))
    rule = policy.first_match(variables)
    return Outcome(case, Action.OBSERVE if rule is None else rule.action, "" if rule is None else rule.name)
