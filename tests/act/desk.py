"""What tests of appeals and cases share: a database with every table, a trail, decisions on record."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, MetaData

from stillwatch.act.appeals.appeal import Appeal, AppealRules, Grounds
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.notice import Notice
from stillwatch.act.decide.records import Decided, file_new
from stillwatch.act.decide.stream import Stream
from stillwatch.act.trail import Trail
from stillwatch.model.decision import Action, Decision
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

__all__ = ["NOW", "WORDS", "Office", "decision", "notice", "office"]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
"""A Friday."""
WORDS = "We are a school and our pupils all use one worksheet."


@dataclass(frozen=True)
class Office:
    """Database and trail of one service."""

    engine: Engine
    trail: Trail

    def tell(self, *notices: Notice) -> None:
        """Put decisions on record, as whoever decides does."""
        with self.engine.begin() as connection:
            file_new(connection, [_record(one) for one in notices])

    def file(self, about: Notice, now: datetime = NOW, rules: AppealRules | None = None) -> Appeal:
        """File an appeal against a decision that the customer is told of."""
        self.tell(about)
        filing = Filing(Grounds.RESEARCH, WORDS)
        with self.engine.begin() as connection:
            return file(connection, self.trail, about, filing, rules or AppealRules(), now)


@contextmanager
def office(folder: Path, url: str | None = None) -> Iterator[Office]:
    """A service's database: a file in a folder, or an empty one."""
    engine = open_database(url or folder / "service.db", MetaData())
    SERVICE_TABLES.create_all(engine)
    try:
        yield Office(engine, Trail(SigningKey.generate()))
    finally:
        engine.dispose()


def decision(n: int = 1, campaign_id: str = "campaign-1", action: Action = Action.THROTTLE) -> Decision:
    """Decision of that number."""
    return Decision(
        action=action,
        decision_id=str(uuid.UUID(int=n, version=4)),
        request_id="r",
        reason="Many accounts send requests of one form.",
        policy_version="f" * 64,
        decided_at=NOW,
        expires_at=NOW + timedelta(days=7),
        rule="slow-down",
        evidence_id=campaign_id,
    )


def _record(told: Notice) -> Decided:
    made = Decision(
        action=told.action,
        decision_id=told.decision_id,
        request_id="",
        reason=told.reason,
        policy_version=told.policy_version,
        decided_at=told.decided_at,
        expires_at=told.expires_at,
        rule=told.rule,
        evidence_id=told.stream.campaign_id,
    )
    return Decided(told.stream, made, None)


def notice(n: int = 1, campaign_id: str = "campaign-1", account_id: str = "acct-7f3a9c21") -> Notice:
    """Notice of the decision of that number."""
    made = decision(n, campaign_id)
    return Notice(
        decision_id=made.decision_id,
        stream=Stream(campaign_id, account_id),
        action=made.action,
        reason=made.reason,
        policy_version=made.policy_version,
        decided_at=made.decided_at,
        expires_at=made.expires_at,
        rule=made.rule or "",
    )
