"""Tables of cases. Notes and events only grow."""

from typing import Final

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["CASES", "CASE_ALIASES", "CASE_EVENTS", "CASE_TABLES", "REVEALS"]

CASE_TABLES: Final = MetaData()

CASES: Final = Table(
    "cases",
    CASE_TABLES,
    Column("case_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("bits", Float, nullable=False),
    Column("n_accounts", Integer, nullable=False),
    Column("n_exchanges", Integer, nullable=False),
    Column("first_seen", String(STAMP_CHARACTERS), nullable=False),
    Column("last_seen", String(STAMP_CHARACTERS), nullable=False),
    Column("assignee", String(64)),
    Column("opened_at", String(STAMP_CHARACTERS), nullable=False),
    Column("changed_at", String(STAMP_CHARACTERS), nullable=False),
    Column("closed_why", String(16)),
    Index("cases_by_state", "state", "changed_at"),
)
"""`version` grows with every change that a person should know of before making another."""

CASE_ALIASES: Final = Table(
    "case_aliases",
    CASE_TABLES,
    Column("alias", String(64), primary_key=True),
    Column("case_id", ForeignKey(CASES.c.case_id), nullable=False, index=True),
)
"""Ids of earlier campaigns that turned out to be part of one."""

CASE_EVENTS: Final = Table(
    "case_events",
    CASE_TABLES,
    Column("case_id", ForeignKey(CASES.c.case_id), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("what", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", String(STAMP_CHARACTERS), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("text", Text),
    Column("entry", Integer, nullable=False),
)
"""What happened, in order, each with its entry of the ledger. `text` is a note or the reason of a closing."""

REVEALS: Final = Table(
    "case_reveals",
    CASE_TABLES,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("campaign_id", String(64), nullable=False, index=True),
    Column("exchange_id", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", String(STAMP_CHARACTERS), nullable=False),
    Column("reason", Text, nullable=False),
)
"""Who looked at which prompt, and why; each with its entry of the ledger. What was seen is not kept."""
