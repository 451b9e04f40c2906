"""Tables of appeals. The filer's reference is stored as a hash: who reads the database cannot use it."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["APPEALS", "APPEAL_TABLES", "HOLDERS", "LOOKUPS"]

APPEAL_TABLES: Final = MetaData()

APPEALS: Final = Table(
    "appeals",
    APPEAL_TABLES,
    Column("case_id", String(32), primary_key=True),
    Column("reference_hash", String(64), nullable=False, unique=True),
    Column("filer", String(64), nullable=False),
    Column("indicator_id", String(64), nullable=False, index=True),
    Column("published_at", String(STAMP_CHARACTERS), nullable=False),
    Column("grounds", String(32), nullable=False),
    Column("filed_at", String(STAMP_CHARACTERS), nullable=False),
    Column("deadline", String(STAMP_CHARACTERS), nullable=False),
    Column("outcome", String(16)),
    Column("decided_at", String(STAMP_CHARACTERS)),
    Column("filed_entry", Integer, nullable=False),
    Column("revoked_entry", Integer),
    Index("appeals_by_filer", "filer", "filed_at"),
)
"""`filed_entry` and `revoked_entry` are the ledger's entries that say so, and name no member."""

HOLDERS: Final = Table(
    "appeal_holders",
    APPEAL_TABLES,
    Column("case_id", ForeignKey(APPEALS.c.case_id), primary_key=True),
    Column("member", String(64), primary_key=True),
    Column("alias", String(36), nullable=False, unique=True),
    Column("is_originator", Boolean, nullable=False),
    Column("answer", String(16)),
    Column("removed_entry", Integer),
    Index("appeal_holders_by_member", "member"),
)
"""`alias` is the holder's name in this case and its reference, of no use to anybody else; `removed_entry` is the
ledger's entry in which it acknowledges that the indicator is gone."""

LOOKUPS: Final = Table(
    "appeal_lookups",
    APPEAL_TABLES,
    Column("caller", String(64), primary_key=True),
    Column("hour", String(13), primary_key=True),
    Column("misses", Integer, nullable=False),
)
"""Look-ups that found nothing, by caller and hour."""
