"""Tombstones of what members end themselves: an indicator that is taken back, or deleted as a whole."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from stillwatch.share.access.roster import OnEvent
from stillwatch.share.forum.standing import standing_of
from stillwatch.share.ledger.book import head
from stillwatch.share.life.tombstones import Cause, Tombstone, bury
from stillwatch.share.stix.ids import uuid_of
from stillwatch.share.taxii.tables import RECORDS

__all__ = ["with_tombstones"]


def with_tombstones(record: OnEvent) -> OnEvent:
    """Listener that has an event recorded and then, in the same transaction, buries an indicator that it ends.

    record  Writes the event into the ledger, whose last entry the tombstone points to.
    """

    def listen(event: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401 - any JSON
        record(event, actor, document, connection)
        ended = _ended(event, document if isinstance(document, Mapping) else {}, connection)
        if ended is None:
            return
        indicator_id, cause = ended
        stood, now = standing_of(connection, indicator_id), datetime.now(UTC)
        published_at = now if stood is None else stood.published_at
        bury(connection, Tombstone(indicator_id, cause, published_at, now, head(connection, now).size - 1))

    return listen


def _ended(event: str, told: Mapping[str, Any], connection: Connection) -> tuple[str, Cause] | None:
    """Which indicator an event ends and how; None for anything else."""
    if event == "publish":
        made = told.get("object", {})
        found = uuid_of(made.get("id"), "indicator")
        return (found, Cause.WITHDRAWN) if found is not None and made.get("revoked") is True else None
    found = uuid_of(told.get("id"), "indicator") if event == "delete" else None
    left = select(RECORDS.c.sequence).where(RECORDS.c.object_id == told.get("id"), RECORDS.c.document.is_not(None))
    if found is None or connection.execute(left.limit(1)).first() is not None:
        return None
    return found, Cause.DELETED
