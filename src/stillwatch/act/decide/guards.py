"""Guards that no policy switches off: each softens what a rule wants, and says why; none makes anything harsher."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from stillwatch.model.decision import SEVERITY, Action, Facts

__all__ = ["GUARDS", "UNRECORDED", "Guard", "Situation", "Softened", "soften"]


class Situation(NamedTuple):
    """What the guards look at.

    rests_on_partner    The rule's condition reads what partners say.
    is_protected        The facts or the operator's list say so.
    is_cleared          The facts or the upheld appeals say so.
    is_overdue          An appeal about the stream should have been answered by now.
    is_in_stage         The roll-out has reached the stream, or it is touched already; of another the version before it
                        decides, if there is one, and then it is asked of that.
    is_over_radius      The policy touches more than it may before a person approves, or nobody can tell.
    """

    facts: Facts
    rests_on_partner: bool = False
    is_protected: bool = False
    is_cleared: bool = False
    is_overdue: bool = False
    is_in_stage: bool = True
    is_over_radius: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """One reason to do less.

    most    The harshest action that is left where it holds.
    why     For the analyst: never told to a customer.
    """

    name: str
    most: Action
    holds: Callable[[Situation], bool]
    why: str


class Softened(NamedTuple):
    """What is left of an action, and the guards that took something from it."""

    action: Action
    by: tuple[Guard, ...]


def _is_other_traffic(now: Situation) -> bool:
    return now.facts.stream is None


def _is_partner_alone(now: Situation) -> bool:
    partner = now.facts.partner
    return now.rests_on_partner and partner is not None and not partner.has_local_evidence


GUARDS: Final[tuple[Guard, ...]] = (
    Guard("cleared", Action.ALLOW, lambda now: now.is_cleared, "a person has upheld an appeal for this stream"),
    Guard("protected", Action.OBSERVE, lambda now: now.is_protected, "the operator protects this account"),
    Guard("overdue", Action.OBSERVE, lambda now: now.is_overdue, "an appeal has waited too long for a person"),
    Guard("other-traffic", Action.OBSERVE, _is_other_traffic, "the request is of no accused stream"),
    Guard(
        "partner-alone", Action.OBSERVE, _is_partner_alone, "the rule rests on partners, and no local evidence agrees"
    ),
    Guard("stage", Action.OBSERVE, lambda now: not now.is_in_stage, "the roll-out has not reached this stream"),
    Guard("radius", Action.OBSERVE, lambda now: now.is_over_radius, "the policy touches more than it may unapproved"),
)
"""In the order in which they are told; the softest wins, so that the order changes no outcome."""

UNRECORDED: Final = Guard("unrecorded", Action.OBSERVE, lambda _: False, "the decision's record is not durable yet")
"""What the decider itself adds after the others: nothing beyond observe takes effect before it is on record."""


def soften(wanted: Action, now: Situation, guards: tuple[Guard, ...] = GUARDS) -> Softened:
    """The action that is left.

    A partner's word softens only what rests on it: otherwise whoever shares an indicator of a stream would shelter it
    from the member's own evidence.

    >>> soften(Action.BLOCK, Situation(Facts())).action.value
    'observe'
    """
    action, by = wanted, []
    for guard in guards:
        if SEVERITY[wanted] > SEVERITY[guard.most] and guard.holds(now):
            by.append(guard)
            if SEVERITY[guard.most] < SEVERITY[action]:
                action = guard.most
    return Softened(action, tuple(by))
