"""Tombstones of what members end themselves: an indicator that is taken back, or deleted as a whole."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from stillwatch.ledger.book import head
from stillwatch.share.access.events import Happened, tell_all
from stillwatch.share.access.roster import OnEvent
from stillwatch.share.forum.standing import standing_of
from stillwatch.share.life.tombstones import Cause, Tombstone, bury
from stillwatch.share.stix.ids import uuid_of
from stillwatch.share.taxii.tables import RECORDS

__all__ = ["WithTombstones", "with_tombstones"]


class WithTombstones:
    """Listener that has events recorded and then, in the same transaction, buries the indicators that they end.

    record  Writes events into the ledger; a tombstone points to the last entry there is then.
    """

    def __init__(self, record: OnEvent) -> None:
        self._record = record

    def __call__(self, event: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401
        """Take note of one event."""
        self.together([Happened(event, actor, document)], connection)

    def together(self, events: Sequence[Happened], connection: Connection) -> None:
        """Take note of events, in their order."""
        tell_all(self._record, events, connection)
        for event in events:
            ended = _ended(event.kind, event.document if isinstance(event.document, Mapping) else {}, connection)
            if ended is not None:
                _bury(connection, *ended)


def with_tombstones(record: OnEvent) -> WithTombstones:
    """As `WithTombstones`."""
    return WithTombstones(record)


def _bury(connection: Connection, indicator_id: str, cause: Cause) -> None:
    stood, now = standing_of(connection, indicator_id), datetime.now(UTC)
    published_at = now if stood is None else stood.published_at
    bury(connection, Tombstone(indicator_id, cause, published_at, now, head(connection, now).size - 1))


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
