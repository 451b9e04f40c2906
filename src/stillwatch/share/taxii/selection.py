"""Read what is in a collection: a page of it, and what came after a place in the sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, or_, select

from stillwatch.share.access.tables import ROSTER, counter
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.tables import OBJECT, RECORDS, UNVERSIONED

__all__ = ["PAGE_BYTES", "Page", "Record", "after", "page"]

PAGE_BYTES: Final = 16 << 20
"""Bytes of documents in one answer; a page has one object at least."""
_WITHOUT_DOCUMENT: Final = [column for column in RECORDS.c if column.name != "document"]

# Made once: to build a statement takes longer than to run it.
_AFTER: Final = (
    select(*_WITHOUT_DOCUMENT)
    .where(RECORDS.c.sequence > bindparam("beyond"), or_(RECORDS.c.document.is_not(None), RECORDS.c.kind != OBJECT))
    .order_by(RECORDS.c.sequence)
    .limit(bindparam("most"))
)
_DOCUMENTS: Final = select(RECORDS.c.sequence, RECORDS.c.document).where(
    RECORDS.c.sequence.in_(bindparam("places", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Record:
    """An object or a tombstone at its place.

    version     As the object writes it; without one the time it was added. Empty: a tombstone of all versions.
    document    JSON; None for a tombstone, and where documents were not asked for.
    """

    sequence: int
    kind: str
    collection_id: str
    object_id: str
    type: str
    version: str
    added_us: int
    origin: str
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Records in order; `more` says whether others follow."""

    records: tuple[Record, ...]
    more: bool


def page(connection: Connection, collection_id: str, filters: Filters, beyond: int, *, documents: bool = True) -> Page:
    """Page of the objects of a collection that the filters let through, in the order they were added."""
    if not filters.spec or filters.ids == () or filters.types == ():
        return Page((), more=False)
    # A sum has no index: left the choice, SQLite reads all of the collection in order to find a few ids in it.
    order = RECORDS.c.sequence if filters.ids is None else RECORDS.c.sequence + 0
    there = [RECORDS.c.collection_id == collection_id, order > beyond, *_conditions(filters)]
    rows = connection.execute(
        select(*_WITHOUT_DOCUMENT)
        .where(*there, RECORDS.c.kind == OBJECT, RECORDS.c.document.is_not(None))
        .order_by(order)
        .limit(filters.limit + 1)
    ).all()
    n = min(len(rows), filters.limit)
    if documents:
        n = _fitting([row.size_bytes for row in rows[:n]])
    return Page(_records(connection, rows[:n], documents=documents), len(rows) > n)


def after(
    connection: Connection, beyond: int, collections: Sequence[str] | None = None, limit: int = 500
) -> tuple[tuple[Record, ...], int]:
    """Objects that are still there, and tombstones, after a place; and how often the roster had changed by then.

    collections     Those that are wanted; None: all.
    """
    chosen = _AFTER if collections is None else _AFTER.where(RECORDS.c.collection_id.in_(collections))
    rows = connection.execute(chosen, {"beyond": beyond, "most": limit}).all()
    rows = rows[: _fitting([row.size_bytes for row in rows])]
    records = _records(connection, rows, documents=True)
    # Read after the rows: a grant that was gone before any of them was published is known to be.
    return records, counter(connection, ROSTER)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.added_after is not None:
        found.append(RECORDS.c.added_us > filters.added_after)
    if filters.ids is not None:
        found.append(RECORDS.c.object_id.in_(filters.ids))
    if filters.types is not None:
        found.append(RECORDS.c.type.in_(filters.types))
    if not filters.every:
        found.append(or_(*_versions(filters)))
    return found


def _versions(filters: Filters) -> list[ColumnElement[bool]]:
    other = RECORDS.alias()
    same = and_(
        other.c.collection_id == RECORDS.c.collection_id,
        other.c.object_id == RECORDS.c.object_id,
        other.c.kind == OBJECT,
        other.c.document.is_not(None),
    )
    wanted: list[ColumnElement[bool]] = []
    if filters.last:
        wanted.append(~exists().where(same, other.c.version_us > RECORDS.c.version_us))
    if filters.first:
        wanted.append(~exists().where(same, other.c.version_us < RECORDS.c.version_us))
    if filters.versions:
        unversioned = and_(RECORDS.c.version_us == UNVERSIONED, RECORDS.c.added_us.in_(filters.versions))
        wanted.append(or_(RECORDS.c.version_us.in_(filters.versions), unversioned))
    return wanted


def _fitting(sizes: Sequence[int]) -> int:
    """How many of the first documents fit into one answer, one at least."""
    total = 0
    for n, size in enumerate(sizes):
        total += size
        if n and total > PAGE_BYTES:
            return n
    return len(sizes)


def _records(connection: Connection, rows: Sequence[Any], *, documents: bool) -> tuple[Record, ...]:
    held: dict[int, bytes | None] = {}
    if documents:
        places = [row.sequence for row in rows]
        held = {row.sequence: row.document for row in connection.execute(_DOCUMENTS, {"places": places})}
    # A document may have been deleted between the two selections; its tombstone follows.
    gone = {place for place, document in held.items() if document is None}
    return tuple(_record(row, held.get(row.sequence)) for row in rows if row.kind != OBJECT or row.sequence not in gone)


def _record(row: Any, document: bytes | None) -> Record:  # noqa: ANN401 - a row of the table
    return Record(
        row.sequence,
        row.kind,
        row.collection_id,
        row.object_id,
        row.type,
        row.version,
        row.added_us,
        row.origin,
        None if document is None else bytes(document),
    )
