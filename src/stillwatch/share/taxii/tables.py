"""Tables of what was published."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

__all__ = [
    "ALL_VERSIONS",
    "EVERYWHERE",
    "LIVES",
    "MESSAGE",
    "OBJECT",
    "RECORDS",
    "RECORD_TABLES",
    "REMOVALS",
    "STATUSES",
    "TOMBSTONE",
    "UNVERSIONED",
]

RECORD_TABLES: Final = MetaData()

OBJECT: Final = "object"
TOMBSTONE: Final = "tombstone"
MESSAGE: Final = "message"
"""No STIX object: the feed brings it, and TAXII does not know it."""
UNVERSIONED: Final = -(1 << 62)
"""Version of an object that has none of its own."""
ALL_VERSIONS: Final = -(1 << 62) - 1
"""Version of a tombstone that stands for the object with all its versions."""
EVERYWHERE: Final = ""
"""Collection of a tombstone that stands for the object in all collections, those to come included."""

RECORDS: Final = Table(
    "forum_records",
    RECORD_TABLES,
    # One number over all collections, without gaps, in the order in which transactions end.
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(9), nullable=False),
    Column("collection_id", String(36), nullable=False),
    Column("object_id", String(300), nullable=False),
    Column("type", String(260), nullable=False),
    Column("version_us", BigInteger, nullable=False),
    Column("version", String(40), nullable=False),
    Column("added_us", BigInteger, nullable=False),
    Column("origin", String(36), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    # None once the object is deleted, and in a tombstone.
    Column("document", LargeBinary),
    Index("forum_records_once", "collection_id", "object_id", "kind", "version_us", unique=True),
    Index("forum_records_order", "collection_id", "sequence"),
)
LIVES: Final = Table(
    "forum_lives",
    RECORD_TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(300), nullable=False, index=True),
    Column("ends_us", BigInteger, index=True),
)
"""Of records that belong to an indicator: to which, and of the indicator itself when it ends."""
STATUSES: Final = Table(
    "forum_statuses",
    RECORD_TABLES,
    Column("status_id", String(36), primary_key=True),
    Column("member_id", String(36), nullable=False),
    Column("created_s", BigInteger, nullable=False, index=True),
    Column("document", LargeBinary, nullable=False),
)
REMOVALS: Final = Table(
    "forum_removals",
    RECORD_TABLES,
    Column("member_id", String(36), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("removed_us", BigInteger, nullable=False),
)
"""Which member's node has withdrawn what a tombstone, at its place in the sequence, is of."""
