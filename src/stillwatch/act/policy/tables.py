"""Tables of policies: what was signed, previewed, approved and put in force. Rows are only added."""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData, String, Table, Text

from stillwatch.signing.stamp import STAMP_CHARACTERS

__all__ = ["ACTIVATIONS", "APPROVALS", "POLICY_TABLES", "PREVIEWS", "VERSIONS"]

POLICY_TABLES: Final = MetaData()

_DIGEST = 64
_NAME = 64

VERSIONS: Final = Table(
    "policy_versions",
    POLICY_TABLES,
    Column("version", String(_DIGEST), primary_key=True),
    Column("name", String(_NAME), nullable=False),
    Column("text", Text, nullable=False),
    Column("added_at", String(STAMP_CHARACTERS), nullable=False),
    Column("signed", JSON, nullable=False),
)
"""`signed` binds version, name, the digest of the text, who added it and when."""

PREVIEWS: Final = Table(
    "policy_previews",
    POLICY_TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", ForeignKey(VERSIONS.c.version), nullable=False, index=True),
    Column("at", String(STAMP_CHARACTERS), nullable=False),
    Column("signed", JSON, nullable=False),
)
"""`signed` holds the whole preview: window, digest of the traffic, shares, figures."""

APPROVALS: Final = Table(
    "policy_approvals",
    POLICY_TABLES,
    Column("preview", ForeignKey(PREVIEWS.c.number), primary_key=True),
    Column("by", String(_NAME), primary_key=True),
    Column("at", String(STAMP_CHARACTERS), nullable=False),
    Column("signed", JSON, nullable=False),
)
"""An approval is of what one preview showed; a later preview needs its own."""

ACTIVATIONS: Final = Table(
    "policy_activations",
    POLICY_TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(STAMP_CHARACTERS), nullable=False),
    Column("signed", JSON, nullable=False),
)
"""From 1 on without gaps; the last is in force. Of two that want one number the second is told."""
