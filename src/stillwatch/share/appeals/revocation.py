"""Revoke an indicator, leave a tombstone, and take every holder's word that it is gone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select, update

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.references import find
from stillwatch.share.appeals.tables import APPEALS, HOLDERS, TOMBSTONES
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["Cause", "Tombstone", "acknowledge", "is_revoked", "revoke", "tombstones"]


class Cause(StrEnum):
    """Why an indicator was revoked."""

    APPEAL = "appeal"
    WITHDRAWN = "withdrawn"
    FALSE_POSITIVE = "false-positive"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a revoked indicator.

    entry   Of the ledger.
    """

    indicator_id: str
    cause: Cause
    published_at: datetime
    revoked_at: datetime
    entry: int = -1


def revoke(connection: Connection, tombstone: Tombstone, actor: str) -> bool:
    """Revoke an indicator once; whether it was not revoked before. `entry` is filled in here.

    actor   Pseudonym of who revokes: the forum, or the originator.
    """
    if is_revoked(connection, tombstone.indicator_id):
        return False
    document = {"event": "revoked", "indicator": tombstone.indicator_id, "cause": tombstone.cause.value}
    entry = append(connection, Event(Kind.REVOKE, actor, document, tombstone.revoked_at))
    row: dict[str, object] = {
        "indicator_id": tombstone.indicator_id,
        "cause": tombstone.cause.value,
        "published_at": stamp(tombstone.published_at),
        "revoked_at": stamp(tombstone.revoked_at),
        "entry": entry.index,
    }
    return insert_if_new(connection, TOMBSTONES, row)


def is_revoked(connection: Connection, indicator_id: str) -> bool:
    """Whether there is a tombstone."""
    found = select(TOMBSTONES.c.indicator_id).where(TOMBSTONES.c.indicator_id == indicator_id)
    return connection.execute(found).scalar() is not None


def tombstones(connection: Connection, after: int = -1, most: int = 1000) -> list[Tombstone]:
    """Tombstones in the ledger's order, from behind an entry on: what a member that was away has to remove."""
    rows = connection.execute(
        select(TOMBSTONES).where(TOMBSTONES.c.entry > after).order_by(TOMBSTONES.c.entry).limit(most)
    )
    return [
        Tombstone(r.indicator_id, Cause(r.cause), time_of(r.published_at), time_of(r.revoked_at), r.entry) for r in rows
    ]


def acknowledge(connection: Connection, member: str, reference: str, now: datetime) -> bool | None:
    """Take a holder's word that the revoked indicator is gone; None for an unknown or somebody else's reference.

    Saying it again changes nothing; it is False then.

    Raises      InvalidInput while the case is not upheld; TooMany after 30 misses in one hour.
    """
    case_id = find(connection, HOLDERS, HOLDERS.c.member, (member, reference), now)
    if case_id is None:
        return None
    about = select(APPEALS.c.indicator_id, APPEALS.c.outcome).where(APPEALS.c.case_id == case_id)
    case = connection.execute(about).one()
    if case.outcome != "upheld":
        message = "there is nothing to remove before an appeal is upheld"
        raise InvalidInput(message)
    here = (HOLDERS.c.case_id == case_id) & (HOLDERS.c.member == member)
    row = connection.execute(select(HOLDERS).where(here)).one()
    if row.removed_entry is not None:
        return False
    document = {"event": "removed", "case": case_id, "indicator": case.indicator_id}
    entry = append(connection, Event(Kind.APPEAL, row.alias, document, now))
    connection.execute(update(HOLDERS).where(here).values(removed_entry=entry.index))
    return True
