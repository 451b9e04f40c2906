"""An appeal as a state machine: who was asked, who has answered, what follows from it.

Nothing rules against the appellant but a person: by itself a case can only be upheld, when whoever published the
indicator takes it back or does not answer in time. An answer says what a holder thinks of the evidence, never what it
did about it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

__all__ = ["REMOVED", "Answer", "Case", "Grounds", "Holder", "Outcome", "State", "ruling", "state_of"]

REMOVED: Final = "removed"
"""Word of a holder that what was revoked is gone."""


class Grounds(StrEnum):
    """Why somebody appeals; a closed list, so that no story crosses."""

    SHARED_ADDRESS = "shared-address"
    MISTAKEN_IDENTITY = "mistaken-identity"
    LEGITIMATE_USE = "legitimate-use"
    EVALUATION = "evaluation"
    STALE = "stale"


class Answer(StrEnum):
    """What a holder thinks of the indicator on its own evidence."""

    MAINTAIN = "maintain"
    WITHDRAW = "withdraw"
    ABSTAIN = "abstain"


class Outcome(StrEnum):
    """How a case ends."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class State(StrEnum):
    """Where a case is."""

    OPEN = "open"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Holder:
    """A member that holds the indicator.

    alias       Its name in this case and nowhere else.
    answer      None: not yet.
    has_removed Whether it has acknowledged that the indicator is gone.
    """

    alias: str
    is_originator: bool
    answer: Answer | None
    has_removed: bool


@dataclass(frozen=True, slots=True)
class Case:
    """An appeal."""

    case_id: str
    indicator_id: str
    grounds: Grounds
    filed_at: datetime
    deadline: datetime
    outcome: Outcome | None
    decided_at: datetime | None
    holders: tuple[Holder, ...]


def state_of(case: Case, now: datetime) -> State:
    """Where a case is.

    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 27, tzinfo=UTC)
    >>> case = Case("c", "i", Grounds.STALE, day, day, None, None, (Holder("a", True, None, False),))
    >>> state_of(case, day).value, state_of(case, day.replace(hour=1)).value
    ('open', 'overdue')
    """
    if case.outcome is not None:
        return State(case.outcome.value)
    if all(holder.answer is not None for holder in case.holders):
        return State.ANSWERED
    return State.OVERDUE if now > case.deadline else State.OPEN


def ruling(case: Case, now: datetime) -> Outcome | None:
    """What follows without anybody deciding: upheld, or nothing yet."""
    if case.outcome is not None:
        return case.outcome
    answers = {holder.answer for holder in case.holders if holder.is_originator}
    is_late = now > case.deadline and None in answers
    return Outcome.UPHELD if Answer.WITHDRAW in answers or is_late else None
