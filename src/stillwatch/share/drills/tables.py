"""What a forum keeps of its drills, and shows to nobody before they are over."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

__all__ = ["DRILLS", "DRILL_ACCOUNTS", "DRILL_TABLES"]

DRILL_TABLES: Final = MetaData()

DRILL_ACCOUNTS: Final = Table(
    "forum_drill_accounts",
    DRILL_TABLES,
    Column("member_id", String(36), primary_key=True),
    Column("jwk", JSON, nullable=False),
)
"""Pseudonyms that are the forum's own, with the keys they sign with."""

DRILLS: Final = Table(
    "forum_drills",
    DRILL_TABLES,
    Column("drill_id", String(36), primary_key=True),
    Column("account", String(36), nullable=False),
    Column("collection_id", String(36), nullable=False),
    Column("statement", JSON, nullable=False),
    Column("secret", LargeBinary(32), nullable=False),
    Column("committed_entry", Integer, nullable=False),
    Column("planted_us", BigInteger, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("echoes", JSON, nullable=False),
    Column("closed_us", BigInteger),
)
"""`statement` is what the account committed to: that these indicators are a drill. `tags` are theirs by indicator;
`echoes`, what others had published of them when the drill was closed: a deleted echo cannot be read any more."""
