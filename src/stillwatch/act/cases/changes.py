"""Change a case: every change an event and an entry of the ledger, in one transaction; of two who change, one is told.

Whoever assigns or closes says which version was seen; a note takes nothing back, and needs none.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, func, insert, select, update

from stillwatch.act.appeals.outbox import ask
from stillwatch.act.cases.case import Case, ClosedWhy, Stale, State
from stillwatch.act.cases.lookup import case_at
from stillwatch.act.cases.tables import CASE_EVENTS, CASES
from stillwatch.act.plain_text import plain_text
from stillwatch.act.trail import Trail, person
from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp

__all__ = ["Changer", "Hand", "assign", "close", "happened", "note"]

_MOST_NOTE: Final = 10_000
_LEAST_REASON: Final = 20


class Changer(Protocol):
    """What changes a case: a person's hand, or the service itself."""

    @property
    def connection(self) -> Connection:
        """Of the transaction."""
        ...

    @property
    def trail(self) -> Trail:
        """Where it is recorded."""
        ...

    @property
    def by(self) -> str:
        """Actor of the entry."""
        ...

    @property
    def now(self) -> datetime:
        """When."""
        ...


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changes a case, when, and where it is recorded.

    by      A person.
    Raises  InvalidInput for a name that is no person's.
    """

    connection: Connection
    trail: Trail
    by: str
    now: datetime

    def __post_init__(self) -> None:
        """Spell the name as everywhere."""
        object.__setattr__(self, "by", person(self.by))


def assign(hand: Hand, name: str, to: str, seen: int) -> Case:
    """Give a case to a person; one that was open is then investigated.

    seen        Version that the change rests on.
    Raises      Stale when it is another by now; InvalidInput when the case is closed; MissingData when there is none.
    """
    case = _open_case(hand, name)
    values: dict[str, Any] = {"assignee": person(to)}
    if case.state is State.OPEN:
        values["state"] = State.INVESTIGATING.value
    _change(hand, case, seen, values)
    happened(hand, case.case_id, "assigned", {"to": values["assignee"], "from": case.assignee})
    return case_at(hand.connection, case.case_id)


def note(hand: Hand, name: str, text: str) -> Case:
    """Add a note, at most 10,000 characters; notes are neither changed nor taken back.

    Raises      InvalidInput for an empty or too long one; MissingData when there is no such case.
    """
    kept = plain_text(text, "note", least=1, most=_MOST_NOTE)
    case = _locked(hand, name)
    happened(hand, case.case_id, "noted", {}, kept)
    return case_at(hand.connection, case.case_id)


def close(hand: Hand, name: str, why: ClosedWhy, reason: str, seen: int) -> Case:
    """Close a case, in words; what the member has told of a campaign that is legitimate is to be taken back.

    seen        Version that the change rests on.
    Raises      Stale when it is another by now; InvalidInput when it is closed already, or for a reason that is too
                short or too long; MissingData when there is no such case.
    """
    if why is ClosedWhy.MERGED:
        message = "a case is merged by a campaign that turned out to be part of another, not by hand"
        raise InvalidInput(message)
    kept = plain_text(reason, "reason", least=_LEAST_REASON, most=_MOST_NOTE)
    case = _open_case(hand, name)
    _change(hand, case, seen, {"state": State.CLOSED.value, "closed_why": why.value})
    happened(hand, case.case_id, "closed", {"why": why.value}, kept)
    if why is ClosedWhy.LEGITIMATE:
        ask(hand.connection, case.case_id, None, hand.now)
    return case_at(hand.connection, case.case_id)


def happened(hand: Changer, case_id: str, what: str, facts: Mapping[str, Any], text: str | None = None) -> int:
    """Keep an event and record it; the ledger commits to a digest of the words. The entry's index."""
    document = {"event": what, "case": case_id, **facts}
    if text is not None:
        document["text_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    entry = hand.trail.record(hand.connection, Kind.CASE, hand.by, document, hand.now)
    last = select(func.max(CASE_EVENTS.c.n)).where(CASE_EVENTS.c.case_id == case_id)
    row = {
        "case_id": case_id,
        "n": (hand.connection.execute(last).scalar() or 0) + 1,
        "what": what,
        "by": hand.by,
        "at": stamp(hand.now),
        "facts": dict(facts),
        "text": text,
        "entry": entry,
    }
    hand.connection.execute(insert(CASE_EVENTS), row)
    return entry


def _locked(hand: Hand, name: str) -> Case:
    """The case, which nobody else changes until the transaction ends."""
    case = case_at(hand.connection, name)
    hand.connection.execute(select(CASES.c.case_id).where(CASES.c.case_id == case.case_id).with_for_update()).one()
    return case_at(hand.connection, case.case_id)


def _open_case(hand: Hand, name: str) -> Case:
    case = _locked(hand, name)
    if case.state is State.CLOSED:
        message = f"the case {case.case_id} is closed"
        raise InvalidInput(message)
    return case


def _change(hand: Hand, case: Case, seen: int, values: Mapping[str, Any]) -> None:
    here = update(CASES).where(CASES.c.case_id == case.case_id, CASES.c.version == seen)
    told = {**values, "version": seen + 1, "changed_at": stamp(hand.now)}
    if not hand.connection.execute(here.values(told)).rowcount:
        message = (
            f"the case {case.case_id} is at version {case.version} by now, you have seen {seen}: "
            f"look at it again with 'stillwatch case show {case.case_id}'"
        )
        raise Stale(message)
