"""Ledger, decisions, policies, appeals and cases, as they were before there were migrations.

Tables that are there already are left: `stillwatch.service.revisions` has looked that they are these.
"""

from typing import Final

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

revision = "0001"
down_revision = None

TABLES: Final = MetaData()
_BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
_STAMP: Final = String(27)

Table(
    "ledger_state",
    TABLES,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("ledger", String(64), nullable=False),
    Column("size", _BIG, nullable=False),
    Column("edge", LargeBinary, nullable=False),
)
Table(
    "ledger_entries",
    TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("time", _STAMP, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", String(64), nullable=False, index=True),
    Column("commitment", String(64), nullable=False),
    Column("root", LargeBinary(32), nullable=False),
)
Table(
    "ledger_nodes",
    TABLES,
    Column("position", _BIG, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
Table(
    "ledger_heads",
    TABLES,
    Column("size", _BIG, primary_key=True, autoincrement=False),
    Column("head", JSON, nullable=False),
)
Table(
    "ledger_documents",
    TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("document", JSON, nullable=False),
)
Table(
    "ledger_about",
    TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("about", String(400), nullable=False, index=True),
    Column("version", String(40), nullable=False),
)

Table(
    "decisions",
    TABLES,
    Column("decision_id", String(36), primary_key=True),
    Column("campaign_id", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("rule", Text, nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("rate_per_minute", Float),
    Column("change", String(16), nullable=False),
    Column("before", String(32)),
    Column("decided_at", _STAMP, nullable=False),
    Column("expires_at", _STAMP, nullable=False, index=True),
    Column("ended_at", _STAMP, index=True),
    Column("ended_why", String(32)),
    Column("own_per_day", Float),
)
Table(
    "decision_alarms",
    TABLES,
    Column("policy_version", String(64), primary_key=True),
    Column("is_final", Boolean, primary_key=True),
    Column("what", String(32), nullable=False),
    Column("share", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("raised_at", _STAMP, nullable=False),
)

Table(
    "policy_versions",
    TABLES,
    Column("version", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("added_at", _STAMP, nullable=False),
    Column("signed", JSON, nullable=False),
)
Table(
    "policy_previews",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", ForeignKey("policy_versions.version"), nullable=False, index=True),
    Column("at", _STAMP, nullable=False),
    Column("signed", JSON, nullable=False),
)
Table(
    "policy_approvals",
    TABLES,
    Column("preview", ForeignKey("policy_previews.number"), primary_key=True),
    Column("by", String(64), primary_key=True),
    Column("at", _STAMP, nullable=False),
    Column("signed", JSON, nullable=False),
)
Table(
    "policy_activations",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", _STAMP, nullable=False),
    Column("signed", JSON, nullable=False),
)

Table(
    "customer_appeals",
    TABLES,
    Column("appeal_id", String(32), primary_key=True),
    Column("decision_id", String(36), nullable=False, unique=True),
    Column("campaign_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("grounds", String(32), nullable=False),
    Column("statement", Text, nullable=False),
    Column("contact", String(254)),
    Column("filed_at", _STAMP, nullable=False),
    Column("deadline", _STAMP, nullable=False),
    Column("looked_at", _STAMP),
    Column("looked_by", String(64)),
    Column("outcome", String(16)),
    Column("answer", Text),
    Column("answered_at", _STAMP),
    Column("answered_by", String(64)),
    Column("filed_entry", Integer, nullable=False),
    Index("customer_appeals_by_stream", "campaign_id", "account_id"),
    Index("customer_appeals_waiting", "outcome", "deadline"),
)
Table(
    "cleared_streams",
    TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("appeal_id", String(32), nullable=False),
    Column("cleared_at", _STAMP, nullable=False),
)
Table(
    "campaigns_to_revoke",
    TABLES,
    Column("campaign_id", Text, primary_key=True),
    Column("appeal_id", String(32)),
    Column("asked_at", _STAMP, nullable=False),
    Column("done_at", _STAMP),
)
Table(
    "appeal_changes",
    TABLES,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)

Table(
    "cases",
    TABLES,
    Column("case_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("bits", Float, nullable=False),
    Column("n_accounts", Integer, nullable=False),
    Column("n_exchanges", Integer, nullable=False),
    Column("first_seen", _STAMP, nullable=False),
    Column("last_seen", _STAMP, nullable=False),
    Column("assignee", String(64)),
    Column("opened_at", _STAMP, nullable=False),
    Column("changed_at", _STAMP, nullable=False),
    Column("closed_why", String(16)),
    Index("cases_by_state", "state", "changed_at"),
)
Table(
    "case_aliases",
    TABLES,
    Column("alias", String(64), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False, index=True),
)
Table(
    "case_events",
    TABLES,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("what", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", _STAMP, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("text", Text),
    Column("entry", Integer, nullable=False),
)


def upgrade() -> None:
    """Make the tables that are not there."""
    TABLES.create_all(op.get_bind())
