"""A person answers an appeal, in writing, once; upheld, everything that hurt the customer ends in one transaction."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, update

from stillwatch.act.appeals.appeal import Appeal, Outcome, appeal_of
from stillwatch.act.appeals.outbox import ask
from stillwatch.act.appeals.standing import clear
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.decide.records import End, Ended, file_new, open_decisions, told
from stillwatch.act.decide.stream import Stream
from stillwatch.act.plain_text import plain_text
from stillwatch.act.trail import SERVICE, Trail, person
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp

__all__ = ["AlreadyAnswered", "Ruling", "answer", "appeal_at", "appeals_of", "look_at"]

_LEAST_REASON: Final = 20
_MOST_REASON: Final = 4000


class AlreadyAnswered(InvalidInput):
    """Somebody has answered this appeal: read the answer."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's answer.

    reason      What the customer reads; 20 to 4,000 characters.
    by          Who answers; the customer is not told.
    Raises      InvalidInput for a reason out of range or a name that is no person's.
    """

    outcome: Outcome
    reason: str = field(repr=False)
    by: str

    def __post_init__(self) -> None:
        """Make the reason plain."""
        reason = plain_text(self.reason, "reason", least=_LEAST_REASON, most=_MOST_REASON)
        object.__setattr__(self, "reason", reason)
        object.__setattr__(self, "by", person(self.by))


def appeal_at(connection: Connection, appeal_id: str) -> Appeal:
    """Appeal by its id, or by a beginning of it that no other has.

    Raises      MissingData when there is none, or there are several.
    """
    if not appeal_id.isalnum():
        message = "an appeal's id must be letters and digits"
        raise MissingData(message)
    found = appeals_of(connection, APPEALS.c.appeal_id.startswith(appeal_id))
    if len(found) != 1:
        message = f"{len(found) or 'no'} appeals begin with {appeal_id[:32]}; see 'stillwatch appeal list'"
        raise MissingData(message)
    return found[0]


def appeals_of(connection: Connection, *conditions: ColumnElement[bool]) -> list[Appeal]:
    """Appeals that fulfil conditions on the columns of their table, the soonest deadline first."""
    wanted = select(APPEALS).where(*conditions).order_by(APPEALS.c.deadline, APPEALS.c.appeal_id)
    return [appeal_of(row) for row in connection.execute(wanted).mappings()]


def look_at(connection: Connection, trail: Trail, appeal_id: str, by: str, now: datetime) -> Appeal:
    """A person takes an appeal up; the customer sees that it is being read. Again, it changes nothing.

    Raises      MissingData when there is no such appeal; InvalidInput for a name that is no person's.
    """
    appeal = appeal_at(connection, appeal_id)
    who = person(by)
    taken = update(APPEALS).where(APPEALS.c.appeal_id == appeal.appeal_id, APPEALS.c.looked_at.is_(None))
    if connection.execute(taken.values(looked_at=stamp(now), looked_by=who)).rowcount:
        trail.record(connection, Kind.APPEAL, who, {"event": "looked-at", "appeal_id": appeal.appeal_id}, now)
    return appeal_at(connection, appeal.appeal_id)


def answer(connection: Connection, trail: Trail, appeal_id: str, ruling: Ruling, now: datetime) -> Appeal:
    """Answer an appeal.

    Upheld: the stream is cleared, and all appeals about it are upheld; its decisions end, its account is labelled
    legitimate (labels.py), and the campaign's indicators are to be taken back (outbox.py).

    Raises      AlreadyAnswered for the second of two who answer; MissingData when there is no such appeal.
    """
    appeal = look_at(connection, trail, appeal_id, ruling.by, now)
    if not _answered(connection, trail, appeal, ruling, now):
        found = appeal_at(connection, appeal.appeal_id)
        message = f"the appeal {appeal.appeal_id} was answered by {found.answered_by} already, it is {found.state}"
        raise AlreadyAnswered(message)
    if ruling.outcome is Outcome.UPHELD:
        names = [stream.campaign_id for stream in _uphold(connection, trail, appeal, now)]
        same = APPEALS.c.campaign_id.in_(names) & (APPEALS.c.account_id == appeal.stream.account_id)
        for other in appeals_of(connection, same & APPEALS.c.outcome.is_(None)):
            _answered(connection, trail, other, ruling, now)
    return appeal_at(connection, appeal.appeal_id)


def _answered(connection: Connection, trail: Trail, appeal: Appeal, ruling: Ruling, now: datetime) -> bool:
    """Write the answer down; False when another was first."""
    given = {"outcome": ruling.outcome.value, "answered_at": stamp(now), "answered_by": ruling.by}
    open_ = update(APPEALS).where(APPEALS.c.appeal_id == appeal.appeal_id, APPEALS.c.outcome.is_(None))
    if not connection.execute(open_.values(**given, answer=ruling.reason)).rowcount:
        return False
    document = {"event": "answered", "appeal_id": appeal.appeal_id, "outcome": given["outcome"]}
    digest = hashlib.sha256(ruling.reason.encode()).hexdigest()
    trail.record(connection, Kind.APPEAL, ruling.by, {**document, "answer_sha256": digest}, now)
    return True


def _uphold(connection: Connection, trail: Trail, appeal: Appeal, now: datetime) -> frozenset[Stream]:
    """End what hurt the customer; the streams that are cleared."""
    streams = clear(connection, appeal, now)
    open_ = [Ended(stream, made, End.CLEARED, now) for stream, made in open_decisions(connection)]
    for ended in file_new(connection, [one for one in open_ if one.stream in streams]):
        trail.record(connection, Kind.DECISION, SERVICE, told(ended), now)
    ask(connection, appeal.stream.campaign_id, appeal.appeal_id, now)
    return streams
