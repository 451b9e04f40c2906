"""What the forum keeps of commitments beside the ledger, so that it need not read all of it to count origins."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

__all__ = ["COMMITMENTS", "COMMITMENT_TABLES", "REVEALED"]

COMMITMENT_TABLES: Final = MetaData()

COMMITMENTS: Final = Table(
    "trust_commitments",
    COMMITMENT_TABLES,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", String(40), nullable=False, index=True),
    Column("root", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

REVEALED: Final = Table(
    "trust_revealed",
    COMMITMENT_TABLES,
    Column("digest", String(64), primary_key=True),
    Column("commitment", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", String(40), nullable=False),
    Column("place", BigInteger, nullable=False),
)
"""Tags, as digests, that were shown to be in a commitment, with the entry of the reveal."""
