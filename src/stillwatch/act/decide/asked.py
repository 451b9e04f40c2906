"""One request on its way to a decision, and the decisions that can come of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.radius import Touch
from stillwatch.act.decide.stream import Stream
from stillwatch.act.policy.limits import TENURED_DAYS
from stillwatch.act.policy.policy import ActivePolicy, Rule
from stillwatch.model.decision import SEVERITY, Action, Decision, Facts, Request

__all__ = ["OBSERVED", "Asked", "does_something"]

OBSERVED: Final = "This request is served as usual."
"""Reason of whatever does nothing to the request."""


def does_something(action: Action) -> bool:
    """Whether an action goes beyond observe.

    >>> [action.value for action in Action if not does_something(action)]
    ['allow', 'observe']
    """
    return SEVERITY[action] > SEVERITY[Action.OBSERVE]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with all that a decision rests on.

    stream      None when it is of no accused stream.
    active      Policy in force; None for none, or when it could not be asked.
    rule        First rule that matches; None for none.
    """

    request: Request
    facts: Facts
    stream: Stream | None
    active: ActivePolicy | None
    rule: Rule | None
    now: Moment

    @property
    def version(self) -> str:
        """Version of the policy in force; empty for none."""
        return "" if self.active is None else self.active.policy.version

    @property
    def wanted(self) -> Action | None:
        """Action of the matching rule; None when none matches."""
        return None if self.rule is None else self.rule.action

    @property
    def is_tenured(self) -> bool:
        """Whether the account is one of long standing; of an unknown age it is not."""
        age_days = self.facts.account.age_days
        return age_days is not None and age_days >= TENURED_DAYS

    def touch(self, stream: Stream) -> Touch:
        """Its stream as it counts when something is done about it."""
        found, owner = self.facts.stream, self.facts.account.organisation_id or self.request.organisation_id
        n_exchanges = 0 if found is None else found.n_exchanges
        return Touch(stream, n_exchanges, owner or self.request.account_id, self.is_tenured)

    def nothing(self, action: Action, lasts: timedelta) -> Decision:
        """Decision that does nothing to the request: allow or observe, by the rule's own words when it wants no more.

        lasts       When no rule says it.
        """
        reason = OBSERVED
        if self.rule is not None and self.rule.action is action:
            reason, lasts = self.rule.says(), self.rule.lasts
        return self._decision(action, reason, self.now.wall + lasts)

    def less(self, action: Action, until: datetime) -> Decision:
        """Decision that does less than one that is in force until then."""
        return self._decision(action, OBSERVED, until)

    def acts(self, rule: Rule, appeal_url: Callable[[Decision], str | None]) -> Decision:
        """What the matching rule wants, with its link to object and its reason in words for a customer."""
        bare = self._decision(rule.action, "", self.now.wall + rule.lasts)
        url = appeal_url(bare)
        reason = rule.says(bare.evidence_id or "", url or "")
        made = replace(bare, reason=reason, appeal_url=url, request_id="")
        return replace(made, rate_per_minute=rule.rate_per_minute, own_per_day=rule.own_per_day)

    def _decision(self, action: Action, reason: str, expires_at: datetime) -> Decision:
        return Decision(
            action=action,
            decision_id=str(uuid.uuid4()),
            request_id=self.request.request_id,
            reason=reason,
            policy_version=self.version,
            decided_at=self.now.wall,
            expires_at=expires_at,
            rule=None if self.rule is None else self.rule.name,
            evidence_id=None if self.stream is None else self.stream.campaign_id,
        )
