"""What the forum keeps of back-searches between two members: who writes to whom, sealed parts until they are taken."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, String, Table

__all__ = ["MESSAGES", "PARTS", "RELAY_TABLES", "SEARCHES"]

RELAY_TABLES: Final = MetaData()

SEARCHES: Final = Table(
    "forum_searches",
    RELAY_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("asker", String(36), nullable=False, index=True),
    Column("holder", String(36), nullable=False),
    Column("opened_s", BigInteger, nullable=False, index=True),
)

MESSAGES: Final = Table(
    "forum_search_messages",
    RELAY_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("sender", String(36), nullable=False, index=True),
    Column("reader", String(36), nullable=False, index=True),
    Column("n_parts", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("begun_s", BigInteger, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("is_over", Boolean, nullable=False),
)
"""One message of each stage; it is over once it was taken, or nobody took it in time."""

PARTS: Final = Table(
    "forum_search_parts",
    RELAY_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("data", LargeBinary),
)
"""Parts as they were sent; the data goes when the message is over, the digest tells a repetition from a forgery."""
