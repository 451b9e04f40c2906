"""Tables of appeals, and of the decisions that customers were told of."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["APPEALS", "APPEAL_TABLES", "CHANGES", "CLEARED", "NOTICES", "TO_REVOKE"]

APPEAL_TABLES: Final = MetaData()

NOTICES: Final = Table(
    "decision_notices",
    APPEAL_TABLES,
    Column("decision_id", String(36), primary_key=True),
    Column("campaign_id", String(64), nullable=False),
    Column("account_id", String(256), nullable=False),
    Column("action", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule", String(128)),
    Column("policy_version", String(64), nullable=False),
    Column("decided_at", String(STAMP_CHARACTERS), nullable=False),
    Column("expires_at", String(STAMP_CHARACTERS), nullable=False),
    Column("ended_at", String(STAMP_CHARACTERS)),
    Index("decision_notices_by_stream", "campaign_id", "account_id"),
)
"""`ended_at` is set when a person ended the decision before it expired."""

APPEALS: Final = Table(
    "customer_appeals",
    APPEAL_TABLES,
    Column("appeal_id", String(32), primary_key=True),
    Column("decision_id", ForeignKey(NOTICES.c.decision_id), nullable=False, unique=True),
    Column("campaign_id", String(64), nullable=False),
    Column("account_id", String(256), nullable=False),
    Column("grounds", String(32), nullable=False),
    Column("statement", Text, nullable=False),
    Column("contact", String(254)),
    Column("filed_at", String(STAMP_CHARACTERS), nullable=False),
    Column("deadline", String(STAMP_CHARACTERS), nullable=False),
    Column("looked_at", String(STAMP_CHARACTERS)),
    Column("looked_by", String(64)),
    Column("outcome", String(16)),
    Column("answer", Text),
    Column("answered_at", String(STAMP_CHARACTERS)),
    Column("answered_by", String(64)),
    Column("filed_entry", Integer, nullable=False),
    Index("customer_appeals_by_stream", "campaign_id", "account_id"),
    Index("customer_appeals_waiting", "outcome", "deadline"),
)
"""One appeal a decision: the unique column is what two filings at once meet."""

CLEARED: Final = Table(
    "cleared_streams",
    APPEAL_TABLES,
    Column("campaign_id", String(64), primary_key=True),
    Column("account_id", String(256), primary_key=True),
    Column("appeal_id", String(32), nullable=False),
    Column("cleared_at", String(STAMP_CHARACTERS), nullable=False),
)

TO_REVOKE: Final = Table(
    "campaigns_to_revoke",
    APPEAL_TABLES,
    Column("campaign_id", String(64), primary_key=True),
    Column("appeal_id", String(32), nullable=False),
    Column("asked_at", String(STAMP_CHARACTERS), nullable=False),
    Column("done_at", String(STAMP_CHARACTERS)),
)
"""What the member's node has still to tell the forum."""

CHANGES: Final = Table(
    "appeal_changes",
    APPEAL_TABLES,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)
"""One row: how often something changed that decisions depend on."""
