"""What tests of the console's audit share: a ledger with entries of every kind, as the service writes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from tests.act.desk import NOW, Office, notice

from stillwatch.act.audit.trail import Recorded
from stillwatch.act.cases.changes import Hand
from stillwatch.act.cases.reveals import reveal
from stillwatch.act.decide.records import Decided, about_of, file_new, told
from stillwatch.act.decide.stream import Stream
from stillwatch.console.audit.asked import AskedAudit
from stillwatch.console.audit.looking import look_back
from stillwatch.ledger.entry import Entry, Kind, Opening
from stillwatch.model.decision import Action, Decision

__all__ = ["NOW", "decided", "entry_of", "found", "note", "revealed"]


def note(
    office: Office, n: int = 1, kind: Kind = Kind.CASE, actor: str = "ada", at: datetime = NOW, **document: Any
) -> int:
    """Entries of one kind; index of the last."""
    with office.engine.begin() as connection:
        for _ in range(n):
            index = office.trail.record(connection, kind, actor, document or {"event": "noted", "case": "c-1"}, at)
    return index


def decided(office: Office, n: int, campaign_id: str = "c-1", account_id: str = "acct-1", at: datetime = NOW) -> str:
    """A decision, in the table and on record as whoever decides writes it; its id."""
    about = notice(n, campaign_id, account_id)
    made = Decision(
        action=Action.THROTTLE,
        decision_id=about.decision_id,
        request_id="",
        reason=about.reason,
        policy_version=about.policy_version,
        decided_at=at,
        expires_at=at + timedelta(days=7),
        rule=about.rule,
    )
    record = Decided(Stream(campaign_id, account_id), made, None)
    with office.engine.begin() as connection:
        file_new(connection, [record])
        office.trail.record(connection, Kind.DECISION, "decider", told(record), at, about_of(record))
    return about.decision_id


def revealed(office: Office, exchange_id: str = "x-1", campaign_id: str = "c-1", by: str = "ada") -> int:
    """Somebody looked at a prompt; index of the entry."""
    with office.engine.begin() as connection:
        hand = Hand(connection, office.trail, by, NOW)
        return reveal(hand, campaign_id, exchange_id, "to see whose worksheet it is").entry


def found(connection: Connection, most: int = 50, **asked: Any) -> list[int]:
    """Indexes that one look finds."""
    return [one.entry.index for one in look_back(connection, AskedAudit(**asked), most).rows]


def entry_of(kind: Kind, document: Mapping[str, Any] | None, actor: str = "ada") -> Recorded:
    """An entry that commits to a document."""
    entry = Entry(7, NOW, kind, actor, "0" * 64)
    return Recorded(entry, None if document is None else Opening(bytes(32), document))
