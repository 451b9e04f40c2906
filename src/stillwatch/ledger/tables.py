"""Tables of a ledger. Entries and nodes only grow; documents can be deleted."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

from stillwatch.ledger.entry import SALT_BYTES
from stillwatch.ledger.tree import HASH_BYTES
from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["ABOUT", "DOCUMENTS", "ENTRIES", "HEADS", "LEDGER_TABLES", "NODES", "STATE"]

LEDGER_TABLES: Final = MetaData()

ABOUT_CHARACTERS: Final = 400
_BIG = BigInteger().with_variant(Integer(), "sqlite")

STATE: Final = Table(
    "ledger_state",
    LEDGER_TABLES,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("ledger", String(64), nullable=False),
    Column("size", _BIG, nullable=False),
    Column("edge", LargeBinary, nullable=False),
)
"""One row, which an append locks: size, and the hashes of the right edge."""

ENTRIES: Final = Table(
    "ledger_entries",
    LEDGER_TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("time", String(STAMP_CHARACTERS), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", String(64), nullable=False, index=True),
    Column("commitment", String(64), nullable=False),
    Column("root", LargeBinary(HASH_BYTES), nullable=False),
)
"""`root` is that of the tree whose last entry this is."""

NODES: Final = Table(
    "ledger_nodes",
    LEDGER_TABLES,
    Column("position", _BIG, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(HASH_BYTES), nullable=False),
)
"""One number a node: engines look up a list of numbers by the key, and read the table for a list of pairs."""

HEADS: Final = Table(
    "ledger_heads",
    LEDGER_TABLES,
    Column("size", _BIG, primary_key=True, autoincrement=False),
    Column("head", JSON, nullable=False),
)

DOCUMENTS: Final = Table(
    "ledger_documents",
    LEDGER_TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(SALT_BYTES), nullable=False),
    Column("document", JSON, nullable=False),
)

ABOUT: Final = Table(
    "ledger_about",
    LEDGER_TABLES,
    Column("index", _BIG, primary_key=True, autoincrement=False),
    Column("about", String(ABOUT_CHARACTERS), nullable=False, index=True),
    Column("version", String(40), nullable=False),
)
"""Of documents that go when what they are about does: what that is, and its version."""
