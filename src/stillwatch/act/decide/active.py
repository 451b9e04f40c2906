"""What a decider needs of the policy in force and of where facts come from."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from stillwatch.model.decision import Action, Facts, Request

__all__ = ["ActivePolicy", "FactsSource", "Match", "Shares"]


@dataclass(frozen=True, slots=True)
class Match:
    """What the first rule that matches wants.

    reason          Words that a customer may read.
    lasts           How long a decision by this rule holds.
    fails_closed    It takes effect even while nothing can be recorded.
    rests_on_partner    Its condition reads what partners say.
    """

    rule: str
    action: Action
    reason: str
    lasts: timedelta
    rate_per_minute: float | None = None
    fails_closed: bool = False
    rests_on_partner: bool = False


@dataclass(frozen=True, slots=True)
class Shares:
    """How much a policy may touch in an hour before a person approves: shares from 0 to 1.

    tenured_days    Accounts that were opened so long ago are tenured; of an unknown age they are not.
    """

    requests: float = 0.05
    organisations: float = 0.02
    tenured: float = 0.005
    tenured_days: float = 365.0


class ActivePolicy(Protocol):
    """The policy in force, as its activation says."""

    @property
    def version(self) -> str:
        """Digest of its document."""
        ...

    @property
    def stage(self) -> float:
        """Share of streams that it may act on, 0 to 1."""
        ...

    @property
    def is_approved(self) -> bool:
        """Whether a person has approved that it touches more than its limits."""
        ...

    @property
    def limits(self) -> Shares:
        """What it may touch before a person approves."""
        ...

    def match(self, request: Request, facts: Facts, now: datetime) -> Match | None:
        """What the first matching rule wants; None when no rule matches."""
        ...


class FactsSource(Protocol):
    """Where facts come from: tables that were computed beside the hot path."""

    def facts(self, request: Request) -> Facts:
        """All that is known; what is not known has its neutral value."""
        ...
