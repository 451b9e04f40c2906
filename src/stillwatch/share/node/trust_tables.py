"""What a node remembers of trust: what it committed to, what of it was shown, and what came of it."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, String, Table

from stillwatch.share.node.tables import NODE_TABLES

__all__ = ["GRADES", "HOLDINGS", "SHOWN"]

HOLDINGS: Final = Table(
    "node_holdings",
    NODE_TABLES,
    Column("number", Integer, primary_key=True),
    Column("place", BigInteger),
    Column("items", JSON, nullable=False),
    Column("secret", LargeBinary(32), nullable=False),
)
"""What the node committed to, in order, and the secret that reveals it; no place until the forum has the commitment."""

SHOWN: Final = Table(
    "node_shown",
    NODE_TABLES,
    Column("digest", String(64), primary_key=True),
    Column("commitment", BigInteger, nullable=False),
)
"""Tags, as digests, that the forum has a reveal of."""

GRADES: Final = Table(
    "node_grades",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("source", String(1), nullable=False),
    Column("information", String(1), nullable=False),
    Column("origins", Integer, nullable=False),
    Column("entries", JSON, nullable=False),
)
"""Both grades of an indicator as this node has them, and entries of the ledger whose proofs it has checked."""
