"""What a customer was told: the decision as a notice, kept so that an appeal is about one thing.

Whoever decides writes the notice in the transaction of the decision's record, so that there is no link to nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from stillwatch.act.appeals.tables import NOTICES
from stillwatch.model.decision import Action, Decision
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["Notice", "note", "notice_of", "notices_of"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision about one stream.

    ended_at    When a person ended it before it expired; None when nobody did.
    """

    decision_id: str
    campaign_id: str
    account_id: str
    action: Action
    reason: str
    policy_version: str
    decided_at: datetime
    expires_at: datetime
    rule: str | None = None
    ended_at: datetime | None = None

    def ends_at(self) -> datetime:
        """When it ended, or will."""
        return self.expires_at if self.ended_at is None else min(self.ended_at, self.expires_at)

    @classmethod
    def of(cls, decision: Decision, account_id: str) -> "Notice":
        """Notice of a decision about an account's stream."""
        return cls(
            decision_id=decision.decision_id,
            campaign_id=decision.evidence_id or "",
            account_id=account_id,
            action=decision.action,
            reason=decision.reason,
            policy_version=decision.policy_version,
            decided_at=decision.decided_at,
            expires_at=decision.expires_at,
            rule=decision.rule,
        )


def note(connection: Connection, notices: Iterable[Notice]) -> int:
    """Keep notices, in the caller's transaction; how many are new."""
    return sum(insert_if_new(connection, NOTICES, _row(notice)) for notice in notices)


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "decision_id": notice.decision_id,
        "campaign_id": notice.campaign_id,
        "account_id": notice.account_id,
        "action": notice.action.value,
        "reason": notice.reason,
        "rule": notice.rule,
        "policy_version": notice.policy_version,
        "decided_at": stamp(notice.decided_at),
        "expires_at": stamp(notice.expires_at),
        "ended_at": None if notice.ended_at is None else stamp(notice.ended_at),
    }


def notice_of(connection: Connection, decision_id: str) -> Notice | None:
    """Notice of a decision; None when nobody was told of it."""
    row = connection.execute(select(NOTICES).where(NOTICES.c.decision_id == decision_id)).mappings().one_or_none()
    return None if row is None else _notice(row)


def notices_of(connection: Connection, campaign_ids: Iterable[str]) -> list[Notice]:
    """Notices that rest on campaigns, the oldest first."""
    wanted = select(NOTICES).where(NOTICES.c.campaign_id.in_(list(campaign_ids)))
    rows = connection.execute(wanted.order_by(NOTICES.c.decided_at, NOTICES.c.decision_id)).mappings()
    return [_notice(row) for row in rows]


def _notice(row: RowMapping) -> Notice:
    return Notice(
        decision_id=row["decision_id"],
        campaign_id=row["campaign_id"],
        account_id=row["account_id"],
        action=Action(row["action"]),
        reason=row["reason"],
        policy_version=row["policy_version"],
        decided_at=time_of(row["decided_at"]),
        expires_at=time_of(row["expires_at"]),
        rule=row["rule"],
        ended_at=time_of(row["ended_at"]) if row["ended_at"] else None,
    )
