"""Tables of appeals; the decisions that they are about are in the tables of whoever decides."""

from typing import Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["APPEALS", "APPEAL_TABLES", "CHANGES", "CLEARED", "TO_REVOKE"]

APPEAL_TABLES: Final = MetaData()

APPEALS: Final = Table(
    "customer_appeals",
    APPEAL_TABLES,
    Column("appeal_id", String(32), primary_key=True),
    Column("decision_id", String(36), nullable=False, unique=True),
    Column("campaign_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
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
    Column("campaign_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("appeal_id", String(32), nullable=False),
    Column("cleared_at", String(STAMP_CHARACTERS), nullable=False),
)

TO_REVOKE: Final = Table(
    "campaigns_to_revoke",
    APPEAL_TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("appeal_id", String(32)),
    Column("asked_at", String(STAMP_CHARACTERS), nullable=False),
    Column("done_at", String(STAMP_CHARACTERS)),
)
"""What the member's node has still to tell the forum; without an appeal where a case was closed as legitimate."""

CHANGES: Final = Table(
    "appeal_changes",
    APPEAL_TABLES,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)
"""One row: how often something changed that decisions depend on."""
