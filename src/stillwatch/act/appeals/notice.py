"""What a customer is told of a decision that was recorded: an appeal is about one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.links_in_text import without_links
from stillwatch.model.decision import Action
from stillwatch.signing.stamp import time_of

__all__ = ["Notice", "notice_of", "notices_of"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision about one stream.

    reason      As the rule gives it, without the link that may stand in it.
    ended_at    When it ended before it expired; None when it did not.
    """

    decision_id: str
    stream: Stream
    action: Action
    reason: str
    policy_version: str
    decided_at: datetime
    expires_at: datetime
    rule: str = ""
    ended_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When it ended, or will."""
        return self.expires_at if self.ended_at is None else min(self.ended_at, self.expires_at)


def notice_of(connection: Connection, decision_id: str) -> Notice | None:
    """Notice of a decision; None when there is no such decision on record."""
    wanted = select(DECISIONS).where(DECISIONS.c.decision_id == decision_id)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else _notice(row)


def notices_of(connection: Connection, campaign_ids: Iterable[str]) -> list[Notice]:
    """Decisions that rest on campaigns, the oldest first."""
    wanted = select(DECISIONS).where(DECISIONS.c.campaign_id.in_(list(campaign_ids)))
    rows = connection.execute(wanted.order_by(DECISIONS.c.decided_at, DECISIONS.c.decision_id)).mappings()
    return [_notice(row) for row in rows]


def _notice(row: RowMapping) -> Notice:
    return Notice(
        decision_id=row["decision_id"],
        stream=Stream(row["campaign_id"], row["account_id"]),
        action=Action(row["action"]),
        reason=without_links(row["reason"]),
        policy_version=row["policy_version"],
        decided_at=time_of(row["decided_at"]),
        expires_at=time_of(row["expires_at"]),
        rule=row["rule"],
        ended_at=time_of(row["ended_at"]) if row["ended_at"] else None,
    )
