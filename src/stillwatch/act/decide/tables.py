"""Tables of decisions and alarms. A decision is never changed: when it ends, the row says when and why."""

from typing import Final

from sqlalchemy import Boolean, Column, Float, MetaData, String, Table, Text

__all__ = ["ALARMS", "DECISIONS", "DECISION_TABLES"]

DECISION_TABLES: Final = MetaData()
_STAMP: Final = String(27)

DECISIONS: Final = Table(
    "decisions",
    DECISION_TABLES,
    Column("decision_id", String(36), primary_key=True),
    Column("campaign_id", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("rule", Text, nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("rate_per_minute", Float),
    Column("own_per_day", Float),
    Column("change", String(16), nullable=False),
    Column("before", String(32)),
    Column("decided_at", _STAMP, nullable=False),
    Column("expires_at", _STAMP, nullable=False, index=True),
    Column("ended_at", _STAMP, index=True),
    Column("ended_why", String(32)),
)
"""`change` is first, harsher, milder or again; `before` the harshest action in force for the stream until then."""

ALARMS: Final = Table(
    "decision_alarms",
    DECISION_TABLES,
    Column("policy_version", String(64), primary_key=True),
    Column("is_final", Boolean, primary_key=True),
    Column("what", String(32), nullable=False),
    Column("share", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("raised_at", _STAMP, nullable=False),
)
"""The last of each kind; all are in the ledger."""
