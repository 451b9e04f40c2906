"""A policy: what is done, when, for how long and with what words."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import cel

from stillwatch.act.policy.condition import Condition
from stillwatch.act.policy.facts import UNKNOWN, Variables, risk_variables, variables_of
from stillwatch.act.policy.limits import Limits
from stillwatch.act.policy.reason import said
from stillwatch.model.decision import SEVERITY, Action, Facts, Request, Risk

__all__ = ["ACTIONS_THAT_END", "ActivePolicy", "Case", "Fails", "OnFailure", "Per", "Policy", "Rule", "Tier"]

ACTIONS_THAT_END: Final = tuple(action for action in Action if SEVERITY[action] > SEVERITY[Action.OBSERVE])
"""Whatever goes beyond observe ends by itself and needs an accused stream."""


class Per(StrEnum):
    """What the rate of a throttle is of."""

    STREAM = "stream"
    CAMPAIGN = "campaign"


class Fails(StrEnum):
    """What a rule does when its condition cannot be evaluated."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the first of a policy whose condition holds decides.

    lasts           How long its decision holds; for allow and observe a default that says how long it is remembered.
    rate_per_minute Requests of a throttled stream, or of its whole campaign; None for other actions.
    own_per_day     Requests of each stream that pass in any day before the campaign's rate counts; None where the rate
                    is of the stream.
    fails           open: an error does not match, for its action only; closed: it does.
    needs_stream    Proved when read: it never matches a request of no accused stream, whatever else is known.
    """

    name: str
    when: Condition
    action: Action
    reason: str
    lasts: timedelta
    rate_per_minute: float | None = None
    fails: Fails = Fails.OPEN
    needs_stream: bool = False
    own_per_day: float | None = None

    @property
    def per(self) -> Per:
        """What its rate is of."""
        return Per.STREAM if self.own_per_day is None else Per.CAMPAIGN

    def says(self, evidence_id: str = "", appeal_url: str = "") -> str:
        """Reason for the customer, its marks filled."""
        return said(
            self.reason,
            {
                "rate_per_minute": "" if self.rate_per_minute is None else f"{self.rate_per_minute:g}",
                "own_per_day": "" if self.own_per_day is None else f"{self.own_per_day:g}",
                "lasts": duration_words(self.lasts),
                "evidence_id": evidence_id,
                "appeal_url": appeal_url,
            },
        )


@dataclass(frozen=True, slots=True)
class Tier:
    """A way into a risk tier, with its reason; several may lead into one."""

    name: str
    when: Condition
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """A test that a policy carries.

    variables   Facts that it tells, by group and name; all others are not known.
    rule        Name of the rule that must decide; empty when none may, None when it does not matter.
    line        Where it stands in the file.
    """

    name: str
    variables: Variables
    expects: Action
    rule: str | None
    line: int = field(default=0, compare=False)


OnFailure = Callable[[Rule], None]
"""Told of a rule whose condition could not be evaluated: a counter."""


def _nobody(_rule: Rule) -> None:
    """No counter."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered list of rules; requests that none matches are observed.

    version     SHA-256 of the canonical document, 64 hexadecimal digits: of what the policy says, not of its layout.
    text        TOML that it was read from.
    document    What it says, every default spelled out.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    tiers: tuple[Tier, ...]
    limits: Limits
    cases: tuple[Case, ...]
    text: str = field(default="", repr=False, compare=False)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _used: tuple[tuple[str, tuple[str, ...]], ...] = field(init=False, repr=False, compare=False)
    _bystander_rules: tuple[Rule, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Settle what each look-up would otherwise work out again."""
        names = sorted(self.uses)
        used = ((group, tuple(n.partition(".")[2] for n in names if n.startswith(f"{group}."))) for group in UNKNOWN)
        object.__setattr__(self, "_used", tuple((group, keys) for group, keys in used if keys))
        object.__setattr__(self, "_bystander_rules", tuple(r for r in self.rules if not r.needs_stream))

    @property
    def uses(self) -> frozenset[str]:
        """Facts that any rule or tier asks about: requests that agree on them are decided alike."""
        conditions = [*(rule.when for rule in self.rules), *(tier.when for tier in self.tiers)]
        return frozenset(name for condition in conditions for name in condition.uses)

    def first_match(self, variables: Variables, failed: OnFailure = _nobody) -> Rule | None:
        """First rule that matches; None when none does.

        Safe under threads. Of a request of no accused stream only rules are asked that could match it.

        variables   As `variables_of` gives them.
        failed      Told of each rule whose condition could not be evaluated; it matches only when it fails closed.
        """
        accused = variables["stream"]["accused"]
        rules = self.rules if accused else self._bystander_rules
        if not rules:
            return None
        context = self._context(variables)
        return next((rule for rule in rules if _matches(rule, context, failed)), None)

    def risk_of(self, variables: Variables) -> Risk | None:
        """Tier of a request: the first that counts, with the reasons of all its ways that do; None for none."""
        if not self.tiers:
            return None
        context = self._context(variables)
        found = list(_counting(self.tiers, context))
        if not found:
            return None
        return Risk(found[0].name, tuple(tier.reason for tier in found if tier.name == found[0].name))

    def _context(self, variables: Variables) -> cel.Context:
        """Facts that are asked about: to bring one over to CEL costs as much as a rule."""
        return cel.Context({group: {key: variables[group][key] for key in keys} for group, keys in self._used})

    def judge(self, request: Request, facts: Facts, now: datetime, failed: OnFailure = _nobody) -> Rule | None:
        """Rule for a request: its facts, its tier unless somebody told one, and the first match."""
        variables = variables_of(request, facts, now)
        if facts.risk is None and self.tiers:
            variables["risk"] = risk_variables(self.risk_of(variables))
        return self.first_match(variables, failed)


def _matches(rule: Rule, context: cel.Context, failed: OnFailure) -> bool:
    try:
        return rule.when.holds(context)
    except Exception:  # noqa: BLE001 - whatever CEL raises, a request is still answered
        failed(rule)
        return rule.fails is Fails.CLOSED


def _counting(tiers: tuple[Tier, ...], context: cel.Context) -> Iterator[Tier]:
    for tier in tiers:
        with contextlib.suppress(Exception):  # a tier that cannot be worked out counts for nothing
            if tier.when.holds(context):
                yield tier


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The policy in force, and how far.

    stage       Share of accused streams that it is rolled out to, 0 to 1; a policy is not told of it.
    number      Of the activation: it grows with every change, also a rollback, so that caches can compare it.
    approved_by A second person who allowed it to touch more than its limits; None when nobody did.
    approved_at When; None for when it was activated. It lifts an alarm that was raised before, not one raised later.
    approved    What it may touch since; None when nobody approved more than its limits.
    before      What decides about streams that the stage has not reached, and what a rollback goes back to; None when
                nothing was in force before, or at 100 %.
    """

    policy: Policy
    stage: float
    number: int
    activated_at: datetime
    activated_by: str
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved: Limits | None = None
    before: "ActivePolicy | None" = None

    @property
    def limits_lifted_at(self) -> datetime | None:
        """When a second person allowed more than the limits; None when nobody did."""
        return None if self.approved_by is None else self.approved_at or self.activated_at

    @property
    def may_touch(self) -> Limits:
        """Its limits, or what a second person has approved."""
        return self.policy.limits if self.approved is None else self.approved

    def chain(self) -> Iterator["ActivePolicy"]:
        """The policy itself, the one before it, and so on, as far as each is in force for somebody."""
        one: ActivePolicy | None = self
        while one is not None:
            yield one
            one = one.before


def duration_words(lasts: timedelta) -> str:
    """Duration as a customer reads it.

    >>> duration_words(timedelta(hours=36)), duration_words(timedelta(days=1))
    ('36 hours', '1 day')
    """
    minutes = round(lasts.total_seconds() / 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0 and minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minutes"
