"""Users and sessions of the console, and who looked at which prompt."""

from typing import Final

from alembic import op
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

revision = "0003"
down_revision = "0002"

TABLES: Final = MetaData()
_STAMP: Final = String(27)

Table(
    "console_users",
    TABLES,
    Column("name", String(64), primary_key=True),
    Column("roles", String(64), nullable=False),
    Column("hashed", String(200)),
    Column("issuer", String(300)),
    Column("subject", String(255)),
    Column("made_at", _STAMP, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("ended_at", _STAMP),
    Index("console_users_by_subject", "issuer", "subject", unique=True),
)
Table(
    "console_sessions",
    TABLES,
    Column("digest", String(64), primary_key=True),
    Column("name", ForeignKey("console_users.name"), nullable=False, index=True),
    Column("made_at", _STAMP, nullable=False),
    Column("seen_at", _STAMP, nullable=False),
    Column("ends_at", _STAMP, nullable=False),
    Column("said", Text),
)
Table(
    "console_login_attempts",
    TABLES,
    Column("digest", String(64), primary_key=True),
    Column("told", Text, nullable=False),
    Column("made_at", _STAMP, nullable=False),
)
Table(
    "case_reveals",
    TABLES,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("campaign_id", String(64), nullable=False, index=True),
    Column("exchange_id", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", _STAMP, nullable=False),
    Column("reason", Text, nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    TABLES.create_all(op.get_bind())
