"""Tables of the people who use the console."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, MetaData, String, Table, Text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["LOGIN_ATTEMPTS", "SESSIONS", "USERS", "USER_TABLES"]

USER_TABLES: Final = MetaData()
_DIGEST: Final = 64

USERS: Final = Table(
    "console_users",
    USER_TABLES,
    Column("name", String(64), primary_key=True),
    Column("roles", String(64), nullable=False),
    Column("hashed", String(200)),
    Column("issuer", String(300)),
    Column("subject", String(255)),
    Column("made_at", String(STAMP_CHARACTERS), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("ended_at", String(STAMP_CHARACTERS)),
    Index("console_users_by_subject", "issuer", "subject", unique=True),
)
"""`hashed` is Argon2's of a password, None for whoever logs in elsewhere, as `subject` of `issuer`. A name is given
once: what it did stays on record under it."""

SESSIONS: Final = Table(
    "console_sessions",
    USER_TABLES,
    Column("digest", String(_DIGEST), primary_key=True),
    Column("name", ForeignKey(USERS.c.name), nullable=False, index=True),
    Column("made_at", String(STAMP_CHARACTERS), nullable=False),
    Column("seen_at", String(STAMP_CHARACTERS), nullable=False),
    Column("ends_at", String(STAMP_CHARACTERS), nullable=False),
    Column("said", Text),
)
"""`digest` is SHA-256 of what the browser holds. `said` is shown on the next page, once."""

LOGIN_ATTEMPTS: Final = Table(
    "console_login_attempts",
    USER_TABLES,
    Column("digest", String(_DIGEST), primary_key=True),
    Column("told", Text, nullable=False),
    Column("made_at", String(STAMP_CHARACTERS), nullable=False),
)
"""Logins that were begun elsewhere: `digest` is SHA-256 of what the browser holds until it comes back."""
