"""Campaigns whose indicators the member's node has to take back at the forum, because a person has cleared them.

A person does so by upholding an appeal, or by closing a case as legitimate.

Acting knows nothing of the forum: the service reads this table, revokes what its node has told of the campaign, and
says so here. A campaign that the node never told of is done at once. The whole campaign's indicators go, even when one
stream of many was cleared: what was told cannot be told apart by account, and may be told again without it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from stillwatch.act.appeals.tables import TO_REVOKE
from stillwatch.act.trail import SERVICE, Trail
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["ToRevoke", "ask", "revoked", "to_revoke"]


@dataclass(frozen=True, slots=True)
class ToRevoke:
    """One campaign.

    appeal_id   The appeal that was upheld; None when a case was closed as legitimate.
    """

    campaign_id: str
    appeal_id: str | None
    asked_at: datetime


def ask(connection: Connection, campaign_id: str, appeal_id: str | None, now: datetime) -> None:
    """Have a campaign's indicators taken back, in the transaction of what a person has decided.

    What waits already waits once. What was done is asked for again: the campaign may have been told anew since.
    """
    row: dict[str, object] = {"campaign_id": campaign_id, "appeal_id": appeal_id, "asked_at": stamp(now)}
    if not insert_if_new(connection, TO_REVOKE, {**row, "done_at": None}):
        done = update(TO_REVOKE).where(TO_REVOKE.c.campaign_id == campaign_id, TO_REVOKE.c.done_at.is_not(None))
        connection.execute(done.values({**row, "done_at": None}))


def to_revoke(connection: Connection) -> list[ToRevoke]:
    """What is still to be done, the oldest first."""
    waiting = select(TO_REVOKE).where(TO_REVOKE.c.done_at.is_(None)).order_by(TO_REVOKE.c.asked_at)
    rows = connection.execute(waiting.order_by(TO_REVOKE.c.campaign_id))
    return [ToRevoke(row.campaign_id, row.appeal_id, time_of(row.asked_at)) for row in rows]


def revoked(connection: Connection, trail: Trail, campaign_id: str, n_indicators: int, now: datetime) -> bool:
    """Record that the indicators of a campaign were taken back; whether that was still to be done.

    n_indicators    How many there were; 0 when nobody had been told of the campaign.
    """
    waiting = update(TO_REVOKE).where(TO_REVOKE.c.campaign_id == campaign_id, TO_REVOKE.c.done_at.is_(None))
    if not connection.execute(waiting.values(done_at=stamp(now))).rowcount:
        return False
    document = {"event": "revoked", "campaign_id": campaign_id, "n_indicators": n_indicators}
    trail.record(connection, Kind.REVOKE, SERVICE, document, now)
    return True
