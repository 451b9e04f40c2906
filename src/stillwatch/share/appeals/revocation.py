"""Revoke an indicator after an appeal, and take every holder's word that it is gone."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.references import find
from stillwatch.share.appeals.tables import APPEALS, HOLDERS
from stillwatch.share.life.tombstones import Tombstone, bury

__all__ = ["acknowledge", "revoke"]


def revoke(connection: Connection, tombstone: Tombstone, actor: str) -> int:
    """Revoke an indicator; index of the ledger's entry that says so. `entry` is filled in here.

    What was revoked before keeps its tombstone, and has an entry for this cause too.

    actor   Pseudonym of who revokes: the forum, or the originator.
    """
    document = {"event": "revoked", "indicator": tombstone.indicator_id, "cause": tombstone.cause.value}
    entry = append(connection, Event(Kind.REVOKE, actor, document, tombstone.revoked_at))
    bury(connection, replace(tombstone, entry=entry.index))
    return entry.index


def acknowledge(connection: Connection, member: str, alias: str, now: datetime) -> bool | None:
    """Take a holder's word that the revoked indicator is gone; None for a name that is not its own.

    Saying it again changes nothing; it is False then.

    Raises      InvalidInput while the case is not upheld; TooMany after 30 misses in one hour.
    """
    case_id = find(connection, (HOLDERS.c.alias, HOLDERS.c.member), (member, alias), now)
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
