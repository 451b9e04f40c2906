"""Cases in the database: look one up, answer it, decide it, and what follows from time passing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.book import Event, append
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.case import Answer, Case, Grounds, Holder, Outcome, State, ruling, state_of
from stillwatch.share.appeals.filing import FORUM
from stillwatch.share.appeals.references import find, hash_of
from stillwatch.share.appeals.revocation import revoke
from stillwatch.share.appeals.tables import APPEALS, HOLDERS
from stillwatch.share.life.tombstones import Cause, Tombstone
from stillwatch.signing.stamp import stamp, time_of

__all__ = [
    "MOST_WAITING",
    "Asked",
    "Status",
    "answer",
    "asked",
    "case_at",
    "case_of_holder",
    "cases",
    "decide",
    "overdue",
    "own_case",
    "settle",
    "status",
    "status_of",
    "waiting",
]

MOST_WAITING: Final = 500
"""Cases that are told at once."""
_SHOWN: Final = 32


@dataclass(frozen=True, slots=True)
class Status:
    """What the filer is told: of the holders only how many there are."""

    state: State
    deadline: datetime
    n_holders: int
    n_answered: int
    n_removed: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What one holder is asked, under its own name in the case.

    answer      None: not yet.
    """

    alias: str
    indicator_id: str
    grounds: Grounds
    deadline: datetime
    state: State
    is_originator: bool
    answer: Answer | None


def case_at(connection: Connection, case_id: str) -> Case:
    """Case by its id, for the forum itself.

    Raises      MissingData when there is none.
    """
    row = connection.execute(select(APPEALS).where(APPEALS.c.case_id == case_id)).one_or_none()
    if row is None:
        message = f"there is no case {case_id[:_SHOWN]}"
        raise MissingData(message)
    rows = connection.execute(select(HOLDERS).where(HOLDERS.c.case_id == case_id).order_by(HOLDERS.c.alias))
    holders = tuple(
        Holder(r.alias, r.is_originator, Answer(r.answer) if r.answer else None, r.removed_entry is not None)
        for r in rows
    )
    return Case(
        case_id=case_id,
        indicator_id=row.indicator_id,
        grounds=Grounds(row.grounds),
        filed_at=time_of(row.filed_at),
        deadline=time_of(row.deadline),
        outcome=Outcome(row.outcome) if row.outcome else None,
        decided_at=time_of(row.decided_at) if row.decided_at else None,
        holders=holders,
    )


def own_case(connection: Connection, filer: str, reference: str, now: datetime) -> str | None:
    """Case of a filer's reference; None for one that is unknown or somebody else's.

    It does not raise, so that the miss that it counts is committed; so with all that take a reference.

    Raises      TooMany after 30 misses in one hour.
    """
    return find(connection, (APPEALS.c.reference_hash, APPEALS.c.filer), (filer, hash_of(filer, reference)), now)


def status(connection: Connection, filer: str, reference: str, now: datetime) -> Status | None:
    """Where the filer's case is; None for a reference that is unknown or somebody else's.

    Raises      TooMany after 30 misses in one hour.
    """
    case_id = own_case(connection, filer, reference, now)
    if case_id is None:
        return None
    return status_of(case_at(connection, case_id), now)


def status_of(case: Case, now: datetime) -> Status:
    """Where a case is, in counts."""
    n_answered = sum(holder.answer is not None for holder in case.holders)
    n_removed = sum(holder.has_removed for holder in case.holders)
    return Status(state_of(case, now), case.deadline, len(case.holders), n_answered, n_removed)


def asked(connection: Connection, member: str, alias: str, now: datetime) -> Asked | None:
    """What a holder is asked; None for a name that is unknown or somebody else's.

    Raises      TooMany after 30 misses in one hour.
    """
    case_id = find(connection, (HOLDERS.c.alias, HOLDERS.c.member), (member, alias), now)
    return None if case_id is None else _asked(case_at(connection, case_id), alias, now)


def waiting(connection: Connection, member: str, now: datetime, most: int = MOST_WAITING) -> list[Asked]:
    """Appeals in which something is expected of a member, the earliest deadline first.

    An answer while the case is not decided; its word that the indicator is gone once the appeal is upheld.
    """
    unanswered = APPEALS.c.outcome.is_(None) & HOLDERS.c.answer.is_(None)
    unremoved = (APPEALS.c.outcome == Outcome.UPHELD.value) & HOLDERS.c.removed_entry.is_(None)
    here = (HOLDERS.c.member == member) & (unanswered | unremoved)
    joined = select(HOLDERS.c.case_id, HOLDERS.c.alias).join(APPEALS, APPEALS.c.case_id == HOLDERS.c.case_id)
    # What is upheld first: a flood of open cases must not keep a removal from being acknowledged.
    order = APPEALS.c.outcome.is_(None), APPEALS.c.deadline, APPEALS.c.case_id
    rows = connection.execute(joined.where(here).order_by(*order).limit(most)).all()
    return [_asked(case_at(connection, row.case_id), row.alias, now) for row in rows]


def _asked(case: Case, alias: str, now: datetime) -> Asked:
    holder = next(found for found in case.holders if found.alias == alias)
    state = state_of(case, now)
    return Asked(alias, case.indicator_id, case.grounds, case.deadline, state, holder.is_originator, holder.answer)


def cases(connection: Connection, most: int = MOST_WAITING, *, undecided: bool = True) -> list[Case]:
    """Cases for the operator, the earliest deadline first; without `undecided` the decided ones too."""
    chosen = select(APPEALS.c.case_id).order_by(APPEALS.c.deadline, APPEALS.c.case_id).limit(most)
    chosen = chosen.where(APPEALS.c.outcome.is_(None)) if undecided else chosen
    return [case_at(connection, case_id) for case_id in connection.execute(chosen).scalars().all()]


def answer(connection: Connection, member: str, alias: str, given: Answer, now: datetime) -> State | None:
    """Take a holder's answer and rule if that settles it; None for a name that is unknown or somebody else's.

    Raises      InvalidInput when the holder has answered or the case is decided; TooMany after 30 misses in one hour.
    """
    case_id = find(connection, (HOLDERS.c.alias, HOLDERS.c.member), (member, alias), now)
    if case_id is None:
        return None
    here = (HOLDERS.c.case_id == case_id) & (HOLDERS.c.member == member)
    row = connection.execute(select(HOLDERS).where(here)).one()
    if row.answer is not None or case_at(connection, case_id).outcome is not None:
        message = "an answer is given once, and before the case is decided"
        raise InvalidInput(message)
    connection.execute(update(HOLDERS).where(here).values(answer=given.value))
    document = {"event": "answered", "case": case_id, "answer": given.value}
    append(connection, Event(Kind.APPEAL, row.alias, document, now))
    case = case_at(connection, case_id)
    if ruling(case, now) is Outcome.UPHELD:
        _end(connection, case, Outcome.UPHELD, now)
    return state_of(case_at(connection, case_id), now)


def overdue(connection: Connection, now: datetime) -> Sequence[str]:
    """Ids of undecided cases whose deadline has passed, the first filed first."""
    late = select(APPEALS.c.case_id).where(APPEALS.c.outcome.is_(None), APPEALS.c.deadline < stamp(now))
    return connection.execute(late.order_by(APPEALS.c.filed_at)).scalars().all()


def case_of_holder(connection: Connection, alias: str) -> str:
    """Case in which a holder has this name; for the forum itself."""
    return str(connection.execute(select(HOLDERS.c.case_id).where(HOLDERS.c.alias == alias)).scalar_one())


def settle(connection: Connection, now: datetime) -> list[str]:
    """Uphold what nobody has stood by in time; ids of these cases. The forum does it by itself, every minute."""
    ended = []
    for case_id in overdue(connection, now):
        case = case_at(connection, case_id)
        if case.outcome is None and ruling(case, now) is Outcome.UPHELD:
            _end(connection, case, Outcome.UPHELD, now)
            ended.append(case_id)
    return ended


def decide(connection: Connection, case_id: str, outcome: Outcome, now: datetime) -> None:
    """The forum's decision, once everybody has answered or the deadline has passed.

    Raises      InvalidInput when it is too early or the case is decided; MissingData when there is no such case.
    """
    case = case_at(connection, case_id)
    state = state_of(case, now)
    if state not in {State.ANSWERED, State.OVERDUE}:
        message = f"a case must be answered or overdue to be decided, it is {state.value}"
        raise InvalidInput(message)
    if ruling(case, now) is Outcome.UPHELD and outcome is not Outcome.UPHELD:
        message = "the originator does not stand by the indicator: the case can only be upheld"
        raise InvalidInput(message)
    _end(connection, case, outcome, now)


def _end(connection: Connection, case: Case, outcome: Outcome, now: datetime) -> None:
    """Decide a case; the revocation decides all others about the indicator."""
    case_ids: Sequence[str] = [case.case_id]
    if outcome is Outcome.UPHELD:
        about = (APPEALS.c.indicator_id == case.indicator_id) & APPEALS.c.outcome.is_(None)
        case_ids = connection.execute(select(APPEALS.c.case_id).where(about)).scalars().all()
    entry = _revoke(connection, case, now) if outcome is Outcome.UPHELD else None
    for case_id in case_ids:
        document = {"event": "decided", "case": case_id, "outcome": outcome.value}
        append(connection, Event(Kind.APPEAL, FORUM, document, now))
        ended = update(APPEALS).where(APPEALS.c.case_id == case_id)
        connection.execute(ended.values(outcome=outcome.value, decided_at=stamp(now), revoked_entry=entry))


def _revoke(connection: Connection, case: Case, now: datetime) -> int:
    """Entry of the ledger that says the indicator is revoked."""
    found = select(APPEALS.c.published_at).where(APPEALS.c.case_id == case.case_id)
    published_at = time_of(connection.execute(found).scalar_one())
    return revoke(connection, Tombstone(case.indicator_id, Cause.APPEAL, published_at, now), FORUM)
