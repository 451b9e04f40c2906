"""An appeal: grounds from a closed list, states that only a person ends, a deadline that binds the provider."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import RowMapping

from stillwatch.act.decide.stream import Stream
from stillwatch.errors import InvalidInput
from stillwatch.signing.stamp import time_of

__all__ = ["Appeal", "AppealRules", "Grounds", "Outcome", "State", "appeal_of"]


class Grounds(StrEnum):
    """Why a customer says that the decision is wrong."""

    OWN_PRODUCT = "own-product"
    RESEARCH = "research"
    EVALUATION = "evaluation"
    PERMITTED = "permitted"
    NOT_OURS = "not-ours"
    OTHER = "other"


class Outcome(StrEnum):
    """What a person answered."""

    UPHELD = "upheld"
    DENIED = "denied"


class State(StrEnum):
    """Where an appeal is. `overdue` is no state: a filed one stays what it is until a person answers."""

    FILED = "filed"
    LOOKED_AT = "looked-at"
    UPHELD = "upheld"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class AppealRules:
    """What the provider promises.

    answer_within   Working days until a person has answered.
    holidays        Days besides Saturday and Sunday that are none.
    file_within     How long after a decision a customer may file.
    most_softened   Overdue appeals of one campaign whose streams are only observed; see standing.py.
    """

    answer_within: int = 5
    holidays: frozenset[date] = field(default_factory=frozenset)
    file_within: timedelta = timedelta(days=30)
    most_softened: int = 10

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.answer_within <= 30:
            message = f"answer_within must be 1 to 30 working days, got {self.answer_within}"
            raise InvalidInput(message)
        if not timedelta(days=1) <= self.file_within <= timedelta(days=365):
            message = f"file_within must be 1 to 365 days, got {self.file_within}"
            raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal.

    statement   The customer's own words: for the person who answers, and in no log and no record.
    answer      The person's words to the customer.
    """

    appeal_id: str
    decision_id: str
    stream: Stream
    grounds: Grounds
    filed_at: datetime
    deadline: datetime
    statement: str = field(repr=False)
    contact: str | None = field(default=None, repr=False)
    looked_at: datetime | None = None
    looked_by: str | None = None
    outcome: Outcome | None = None
    answer: str | None = field(default=None, repr=False)
    answered_at: datetime | None = None
    answered_by: str | None = None
    filed_entry: int = 0

    @property
    def state(self) -> State:
        """Where it is."""
        if self.outcome is not None:
            return State(self.outcome.value)
        return State.FILED if self.looked_at is None else State.LOOKED_AT

    def is_overdue(self, now: datetime) -> bool:
        """Whether the provider has broken its promise."""
        return self.outcome is None and now > self.deadline


def appeal_of(row: RowMapping) -> Appeal:
    """Appeal of a row of its table."""
    times = {name: time_of(row[name]) if row[name] else None for name in ("looked_at", "answered_at")}
    return Appeal(
        appeal_id=row["appeal_id"],
        decision_id=row["decision_id"],
        stream=Stream(row["campaign_id"], row["account_id"]),
        grounds=Grounds(row["grounds"]),
        filed_at=time_of(row["filed_at"]),
        deadline=time_of(row["deadline"]),
        statement=row["statement"],
        contact=row["contact"],
        looked_by=row["looked_by"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        answer=row["answer"],
        answered_by=row["answered_by"],
        filed_entry=row["filed_entry"],
        **times,
    )
