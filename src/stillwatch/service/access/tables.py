"""The table of the service's tokens. A row is never deleted: when a token ends, the row says when."""

from typing import Final

from sqlalchemy import Column, Index, MetaData, String, Table, text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["SERVICE_TOKENS", "SERVICE_TOKEN_TABLES"]

SERVICE_TOKEN_TABLES: Final = MetaData()
_IS_ALIVE: Final = text("ended_at IS NULL")

SERVICE_TOKENS: Final = Table(
    "service_tokens",
    SERVICE_TOKEN_TABLES,
    Column("lookup", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("hashed", String(200), nullable=False),
    Column("made_at", String(STAMP_CHARACTERS), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("expires_at", String(STAMP_CHARACTERS)),
    Column("ended_at", String(STAMP_CHARACTERS)),
    Index("service_tokens_by_name", "name", unique=True, sqlite_where=_IS_ALIVE, postgresql_where=_IS_ALIVE),
)
"""`scopes` are names with spaces between; `hashed` is argon2's. Of one name no two tokens live at a time."""
