"""Look at a prompt: one at a time, by a person, with a reason, on the record before anything is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from stillwatch.act.cases.changes import Hand
from stillwatch.act.cases.tables import REVEALS
from stillwatch.act.plain_text import plain_text
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["LEAST_REASON", "MOST_REASON", "Reveal", "reveal", "reveals_of"]

LEAST_REASON: Final = 5
MOST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Reveal:
    """That somebody looked at the prompt and answer of one exchange.

    entry       Of the ledger.
    """

    campaign_id: str
    exchange_id: str
    by: str
    at: datetime
    reason: str
    entry: int


def reveal(hand: Hand, campaign_id: str, exchange_id: str, reason: str) -> Reveal:
    """Record that a person looks at an exchange, in the caller's transaction; it may be shown once that is committed.

    reason      Why, 5 to 300 characters.
    Raises      InvalidInput for a reason that is too short or too long.
    """
    kept = plain_text(reason, "reason", least=LEAST_REASON, most=MOST_REASON)
    document = {"event": "revealed", "campaign_id": campaign_id, "exchange_id": exchange_id, "reason": kept}
    entry = hand.trail.record(hand.connection, Kind.DISCLOSURE, hand.by, document, hand.now)
    row = {"entry": entry, "campaign_id": campaign_id, "exchange_id": exchange_id}
    hand.connection.execute(insert(REVEALS).values(row | {"by": hand.by, "at": stamp(hand.now), "reason": kept}))
    return Reveal(campaign_id, exchange_id, hand.by, hand.now, kept, entry)


def reveals_of(connection: Connection, campaigns: Sequence[str]) -> list[Reveal]:
    """Who looked at prompts of these campaigns, in order."""
    wanted = select(REVEALS).where(REVEALS.c.campaign_id.in_(campaigns)).order_by(REVEALS.c.entry)
    return [
        Reveal(row.campaign_id, row.exchange_id, row.by, time_of(row.at), row.reason, row.entry)
        for row in connection.execute(wanted)
    ]
