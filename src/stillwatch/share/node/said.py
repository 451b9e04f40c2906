"""What others say of an indicator, one word a member: their answers with benign rates, and opinions against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, delete, insert, select

from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.texts import FALSE_POSITIVE_TEXTS, FalsePositive

__all__ = ["OPINIONS", "SIGHTINGS", "Opinion", "keep_opinion", "keep_sighting", "opinions_of", "rates_of"]

Object = Mapping[str, Any]

SIGHTINGS: Final = Table(
    "node_sightings",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("origin", String(40), primary_key=True),
    Column("modified", String(40), nullable=False),
    Column("answer", String(20), nullable=False),
    Column("days", Integer, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("benign_rate", Float),
    Column("revoked", Boolean, nullable=False),
)
"""The newest answer of each other member; a rate is null when none was told."""

OPINIONS: Final = Table(
    "node_opinions",
    NODE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("origin", String(40), primary_key=True),
    Column("modified", String(40), nullable=False),
    Column("opinion", String(20)),
    Column("reason", String(20)),
    Column("revoked", Boolean, nullable=False),
)
"""The newest opinion of each member; its note, which says the reason, may come before it."""

_REASONS: Final = {text: reason for reason, text in FALSE_POSITIVE_TEXTS.items()}


@dataclass(frozen=True, slots=True)
class Opinion:
    """A member that holds an indicator to be false.

    origin      Its pseudonym.
    opinion     STIX: disagree or strongly-disagree.
    reason      None while its note has not come.
    modified    When it said so, as STIX writes times.
    """

    indicator_id: str
    origin: str
    opinion: str
    reason: FalsePositive | None
    modified: str


def keep_sighting(connection: Connection, document: Object, origin: str) -> str | None:
    """Keep an answer if it is newer than what the member said before; id of the indicator if a rate has changed.

    document    A sighting that the guard has admitted.
    """
    more = document["extensions"][EXTENSION]
    row = {
        "indicator_id": str(document["sighting_of_ref"]).partition("--")[2],
        "origin": origin,
        "modified": document["modified"],
        "answer": (SightingAnswer.SEEN if document["count"] else SightingAnswer.LOOKED_NOT_SEEN).value,
        "days": more["days"],
        "coverage": float(more["coverage"]),
        "benign_rate": float(more["benign_rate"]) if "benign_rate" in more else None,
        "revoked": document.get("revoked") is True,
    }
    known = _known(connection, SIGHTINGS, row)
    if known is not None and known["modified"] >= row["modified"]:
        return None
    _put(connection, SIGHTINGS, row)
    old, new = (None if one is None or one["revoked"] else one["benign_rate"] for one in (known, row))
    return str(row["indicator_id"]) if old != new else None


def keep_opinion(connection: Connection, document: Object, origin: str) -> None:
    """Keep an opinion, or the note to it, if it is not older than what the member said before.

    document    An opinion or a note that the guard has admitted.
    """
    about = next((ref for ref in document["object_refs"] if ref.startswith("indicator--")), None)
    if about is None:
        return
    row = {
        "indicator_id": about.partition("--")[2],
        "origin": origin,
        "modified": document["modified"],
        "opinion": document.get("opinion"),
        "reason": _REASONS[document["content"]].value if document["type"] == "note" else None,
        "revoked": document.get("revoked") is True,
    }
    known = _known(connection, OPINIONS, row)
    if known is not None and known["modified"] > row["modified"]:
        return
    if known is not None and known["modified"] == row["modified"]:
        row |= {name: row[name] or known[name] for name in ("opinion", "reason", "revoked")}
    _put(connection, OPINIONS, row)


def rates_of(connection: Connection, indicator_id: str) -> list[float]:
    """Benign rates that others told of an indicator, in the order of their pseudonyms."""
    told = select(SIGHTINGS.c.benign_rate).where(
        SIGHTINGS.c.indicator_id == indicator_id,
        SIGHTINGS.c.benign_rate.is_not(None),
        SIGHTINGS.c.revoked.is_(False),
    )
    return [float(rate) for rate in connection.execute(told.order_by(SIGHTINGS.c.origin)).scalars()]


def opinions_of(connection: Connection, indicator_id: str | None = None) -> list[Opinion]:
    """Opinions against an indicator that were not taken back, one a member; None: against any."""
    told = select(OPINIONS).where(OPINIONS.c.opinion.is_not(None), OPINIONS.c.revoked.is_(False))
    if indicator_id is not None:
        told = told.where(OPINIONS.c.indicator_id == indicator_id)
    rows = connection.execute(told.order_by(OPINIONS.c.indicator_id, OPINIONS.c.origin))
    return [
        Opinion(
            row.indicator_id,
            row.origin,
            row.opinion,
            None if row.reason is None else FalsePositive(row.reason),
            row.modified,
        )
        for row in rows
    ]


def _known(connection: Connection, table: Table, row: Object) -> Object | None:
    """What the same member said of the same indicator before."""
    found = connection.execute(select(table).where(*_same(table, row))).mappings().first()
    return None if found is None else {str(name): value for name, value in found.items()}


def _put(connection: Connection, table: Table, row: Object) -> None:
    connection.execute(delete(table).where(*_same(table, row)))
    connection.execute(insert(table).values(dict(row)))


def _same(table: Table, row: Object) -> tuple[Any, ...]:
    return tuple(table.c[name] == row[name] for name in ("indicator_id", "origin"))
