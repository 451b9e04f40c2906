"""Tables of the forum that say who may do what."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
)
from sqlalchemy import text as sql

from stillwatch.store.conflict import insert_if_new

__all__ = [
    "CERTIFICATES",
    "COLLECTIONS",
    "COUNTERS",
    "GRANTS",
    "KEYS",
    "MEMBERS",
    "ROSTER",
    "SEQUENCE",
    "TABLES",
    "TOKENS",
    "USAGE",
    "advance",
    "counter",
    "key_of",
]

TABLES: Final = MetaData()
"""Seconds are Unix time; ids are UUIDs as text."""

SEQUENCE: Final = "sequence"
"""Counter of everything that was published or deleted; its row is what publishers wait for one another on."""
ROSTER: Final = "roster"
"""Counter of changes to members, tokens and grants; whoever remembers a login compares it."""

COUNTERS: Final = Table(
    "forum_counters",
    TABLES,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
KEYS: Final = Table(
    "forum_keys", TABLES, Column("name", String(20), primary_key=True), Column("value", LargeBinary, nullable=False)
)
MEMBERS: Final = Table(
    "forum_members",
    TABLES,
    Column("member_id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(10), nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Column("revoked_s", BigInteger),
)
TOKENS: Final = Table(
    "forum_tokens",
    TABLES,
    Column("lookup", String(16), primary_key=True),
    Column("member_id", ForeignKey(MEMBERS.c.member_id), nullable=False, index=True),
    Column("hashed", String(200), nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Column("expires_s", BigInteger),
)
CERTIFICATES: Final = Table(
    "forum_certificates",
    TABLES,
    Column("fingerprint", String(64), primary_key=True),
    Column("member_id", ForeignKey(MEMBERS.c.member_id), nullable=False, index=True),
)
COLLECTIONS: Final = Table(
    "forum_collections",
    TABLES,
    Column("collection_id", String(36), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("description", String(2000)),
    Column("alias", String(100), unique=True),
)
GRANTS: Final = Table(
    "forum_grants",
    TABLES,
    Column("member_id", ForeignKey(MEMBERS.c.member_id), primary_key=True),
    Column("collection_id", ForeignKey(COLLECTIONS.c.collection_id), primary_key=True),
    Column("can_read", Boolean, nullable=False),
    Column("can_write", Boolean, nullable=False),
)
USAGE: Final = Table(
    "forum_usage",
    TABLES,
    Column("member_id", ForeignKey(MEMBERS.c.member_id), primary_key=True),
    Column("start_s", BigInteger, primary_key=True),
    Column("objects", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)


_READ: Final = sql("SELECT value FROM forum_counters WHERE name = :name")
_ADVANCE: Final = sql("UPDATE forum_counters SET value = value + :by WHERE name = :name RETURNING value")


def counter(connection: Connection, name: str) -> int:
    """Value of a counter; one that nobody advanced is 0."""
    return connection.execute(_READ, {"name": name}).scalar() or 0


def advance(connection: Connection, name: str, by: int = 1) -> int:
    """Value of a counter after adding; until the transaction ends nobody else can add to it."""
    added = connection.execute(_ADVANCE, {"name": name, "by": by}).scalar()
    if added is not None:
        return int(added)
    insert_if_new(connection, COUNTERS, {"name": name, "value": 0})
    return advance(connection, name, by)


def key_of(connection: Connection, name: str, fresh: bytes) -> bytes:
    """Key of that name: the one that is there, else the fresh one from now on."""
    insert_if_new(connection, KEYS, {"name": name, "value": fresh})
    return bytes(connection.execute(select(KEYS.c.value).where(KEYS.c.name == name)).scalar_one())
