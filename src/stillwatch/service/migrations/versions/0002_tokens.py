"""Tokens of those who call the service."""

from typing import Final

from alembic import op
from sqlalchemy import Column, Index, MetaData, String, Table, text

revision = "0002"
down_revision = "0001"

TABLES: Final = MetaData()
_STAMP: Final = String(27)
_IS_ALIVE: Final = text("ended_at IS NULL")

Table(
    "service_tokens",
    TABLES,
    Column("lookup", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("hashed", String(200), nullable=False),
    Column("made_at", _STAMP, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("expires_at", _STAMP),
    Column("ended_at", _STAMP),
    Index("service_tokens_by_name", "name", unique=True, sqlite_where=_IS_ALIVE, postgresql_where=_IS_ALIVE),
)


def upgrade() -> None:
    """Make the table."""
    TABLES.create_all(op.get_bind())
