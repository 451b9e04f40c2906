"""What a node remembers: others' objects, its own indicators, answers and findings, and where it is in the feed."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

__all__ = [
    "ANSWERS",
    "APPEALS_FILED",
    "APPEALS_TOLD",
    "FINDINGS",
    "KEYS",
    "MATCHES",
    "NODE_TABLES",
    "OBJECTS",
    "OWN",
    "PASSED_OVER",
    "PLACES",
    "REMOVED",
]

NODE_TABLES: Final = MetaData()

OBJECTS: Final = Table(
    "node_objects",
    NODE_TABLES,
    Column("object_id", String(120), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("origin", String(40), nullable=False),
    Column("modified", String(40), nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""The newest version of every object of another member, as it was admitted; a revoked one keeps no body."""

OWN: Final = Table(
    "node_own",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("campaign_id", String(80), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("revoked", Boolean, nullable=False),
)
"""Which campaign each of the member's indicators tells of; it stays here."""

ANSWERS: Final = Table(
    "node_answers",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("answer", String(20)),
    Column("days", Integer, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("sighting_id", String(40)),
    Column("checked_at", String(40), nullable=False),
    Column("body", LargeBinary),
    Column("is_sent", Boolean, nullable=False),
    Index("node_answers_waiting", "is_sent", "checked_at"),
)
"""What each check came to, and the sighting to send; no answer and none to send where nothing could be compared."""

FINDINGS: Final = Table(
    "node_findings",
    NODE_TABLES,
    Column("family", String(20), primary_key=True),
    Column("indicator_id", String(40), primary_key=True, index=True),
    Column("local", JSON, nullable=False),
    Column("word", JSON, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)
"""Local families that others' words point to: own evidence and their word, apart."""

MATCHES: Final = Table(
    "node_matches",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("family", String(20), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("mark", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What of the member's own a finding rests on, as salted digests (`matches`); it goes with the indicator."""

PLACES: Final = Table(
    "node_places",
    NODE_TABLES,
    Column("name", String(40), primary_key=True),
    Column("place", String(200), nullable=False),
)

KEYS: Final = Table(
    "node_keys",
    NODE_TABLES,
    Column("member_id", String(40), primary_key=True),
    Column("key_id", String(64), primary_key=True),
    Column("jwk", JSON, nullable=False),
)
"""Keys of the other members that are trusted (`pins`)."""

PASSED_OVER: Final = Table(
    "node_passed_over",
    NODE_TABLES,
    Column("place", String(200), primary_key=True),
    Column("origin", String(40), nullable=False),
    Column("reason", String(200), nullable=False),
)
"""Objects that were not taken, and why; the objects themselves are not kept."""

REMOVED: Final = Table("node_removed", NODE_TABLES, Column("place", String(200), primary_key=True))
"""Deletions that were carried out, until the forum knows it."""
APPEALS_TOLD: Final = Table(
    "node_appeals_told",
    NODE_TABLES,
    Column("appeal", String(40), primary_key=True),
    Column("indicator_id", String(40), nullable=False),
)
"""Appeals that wait for an answer and of which somebody here was told."""

APPEALS_FILED: Final = Table(
    "node_appeals_filed",
    NODE_TABLES,
    Column("reference", String(40), primary_key=True),
    Column("indicator_id", String(40), nullable=False),
    Column("grounds", String(32), nullable=False),
    Column("filed_at", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("is_sent", Boolean, nullable=False),
)
"""What the member has filed for its customers; the forum keeps of the reference only a hash."""
