"""File an appeal: once for each decision."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.act.appeals.appeal import Appeal, AppealRules, Grounds, appeal_of
from stillwatch.act.appeals.deadline import deadline_of
from stillwatch.act.appeals.notice import Notice
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.plain_text import plain_text
from stillwatch.act.trail import CUSTOMER, Trail
from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.signing.stamp import stamp
from stillwatch.store.conflict import insert_if_new

__all__ = ["LEAST_STATEMENT", "MOST_CONTACT", "MOST_STATEMENT", "AlreadyFiled", "Filing", "appeal_against", "file"]

LEAST_STATEMENT: Final = 20
MOST_STATEMENT: Final = 4000
MOST_CONTACT: Final = 254
"""Longest address of electronic mail (RFC 5321)."""


class AlreadyFiled(InvalidInput):
    """There is an appeal against this decision: look at its status."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What a customer sends.

    Raises      InvalidInput, naming the field, for text that is too short or too long.
    """

    grounds: Grounds
    statement: str = field(repr=False)
    contact: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Make the text plain."""
        told = plain_text(self.statement, "statement", least=LEAST_STATEMENT, most=MOST_STATEMENT)
        object.__setattr__(self, "statement", told)
        contact = plain_text(self.contact or "", "contact", most=MOST_CONTACT).replace("\n", " ")
        object.__setattr__(self, "contact", contact or None)


def file(
    connection: Connection, trail: Trail, notice: Notice, filing: Filing, rules: AppealRules, now: datetime
) -> Appeal:
    """File an appeal against a decision.

    Raises      AlreadyFiled when there is one, whoever was first.
    """
    row: dict[str, Any] = {
        "appeal_id": secrets.token_hex(16),
        "decision_id": notice.decision_id,
        **notice.stream._asdict(),
        "grounds": filing.grounds.value,
        "statement": filing.statement,
        "contact": filing.contact,
        "filed_at": stamp(now),
        "deadline": stamp(deadline_of(now, rules.answer_within, rules.holidays)),
        "filed_entry": -1,
    }
    if not insert_if_new(connection, APPEALS, row):
        message = f"there is an appeal against the decision {notice.decision_id} already"
        raise AlreadyFiled(message)
    index = trail.record(connection, Kind.APPEAL, CUSTOMER, _document(row), now)
    here = APPEALS.c.appeal_id == row["appeal_id"]
    connection.execute(APPEALS.update().where(here).values(filed_entry=index))
    return appeal_of(connection.execute(select(APPEALS).where(here)).mappings().one())


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """What the ledger commits to: that something was filed and what it was, without a word of it."""
    told = {name: row[name] for name in ("appeal_id", "decision_id", "campaign_id", "grounds", "deadline")}
    return {"event": "filed", **told, "statement_sha256": hashlib.sha256(row["statement"].encode()).hexdigest()}


def appeal_against(connection: Connection, decision_id: str) -> Appeal | None:
    """Appeal against a decision; None when nobody has filed one."""
    row = connection.execute(select(APPEALS).where(APPEALS.c.decision_id == decision_id)).mappings().one_or_none()
    return None if row is None else appeal_of(row)
