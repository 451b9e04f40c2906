"""What the forum forgets by itself: content that was taken back, that was deleted, and that has long ended.

A revoked version stays, since it is what tells readers; the versions before it lose their content. Of an indicator
that ended a while ago nothing stays but that it was there: its networks, its links and what was said of it go with it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from stillwatch.share.access.roster import OnEvent
from stillwatch.share.stix.ids import derived_id
from stillwatch.share.taxii.moments import microseconds
from stillwatch.share.taxii.tables import LIVES, OBJECT, RECORDS

__all__ = ["KEPT", "blank", "forget_ended", "forget_taken_back", "networks_of", "note_lives"]

KEPT: Final = timedelta(days=30)
"""How long after its end an indicator can still be read."""
_AT_A_TIME: Final = 200
_REFS: Final = ("sighting_of_ref", "source_ref", "target_ref")


def networks_of(object_id: str) -> str | None:
    """Id of the object that holds an indicator's networks; None for what is no indicator.

    >>> networks_of("note--00000000-0000-4000-8000-000000000000") is None
    True
    """
    kind, _, number = object_id.partition("--")
    return derived_id("infrastructure", number) if kind == "indicator" else None


def note_lives(
    connection: Connection, rows: Sequence[Mapping[str, Any]], documents: Sequence[Mapping[str, Any]]
) -> None:
    """Remember which indicator each new record belongs to, and until when that is valid."""
    lives = [
        {"sequence": row["sequence"], "subject": subject, "ends_us": microseconds(document.get("valid_until"))}
        for row, document in zip(rows, documents, strict=True)
        if (subject := _subject(document)) is not None
    ]
    if lives:
        connection.execute(insert(LIVES), lives)


def _subject(document: Mapping[str, Any]) -> str | None:
    """Indicator that an object is or speaks of, or the networks of one; None for what belongs to no indicator."""
    told = [document.get("id"), *(document.get(name) for name in _REFS)]
    refs = document.get("object_refs")
    told += refs[:1] if isinstance(refs, list) else []
    found = [ref for ref in told if isinstance(ref, str) and len(ref) <= 300]
    for kind in ("indicator--", "infrastructure--"):
        for ref in found:
            if ref.startswith(kind):
                return ref
    return None


def forget_taken_back(connection: Connection, row: Mapping[str, Any]) -> None:
    """Blank the versions before one that revokes the object."""
    of_it = (RECORDS.c.collection_id == row["collection_id"]) & (RECORDS.c.object_id == row["object_id"])
    blank(connection, _places(connection, of_it & (RECORDS.c.version_us < row["version_us"])))


def forget_ended(connection: Connection, now_us: int, on_event: OnEvent) -> int:
    """Blank everything about indicators whose last version ended more than 30 days ago; how many indicators.

    A call takes a few hundred of them at most. Listeners are told (``expire``) of every object that is blanked.
    """
    last = func.max(LIVES.c.ends_us)
    ended = (
        select(RECORDS.c.collection_id, RECORDS.c.object_id)
        .join(LIVES, LIVES.c.sequence == RECORDS.c.sequence)
        .where(RECORDS.c.type == "indicator", RECORDS.c.document.is_not(None))
        .group_by(RECORDS.c.collection_id, RECORDS.c.object_id)
        .having(last < now_us - KEPT // timedelta(microseconds=1))
        .limit(_AT_A_TIME)
    )
    found = connection.execute(ended).all()
    for collection_id, object_id in found:
        subjects = (object_id, networks_of(object_id))
        about = select(LIVES.c.sequence).where(LIVES.c.subject.in_(subjects))
        gone = (RECORDS.c.collection_id == collection_id) & RECORDS.c.sequence.in_(about)
        _tell(connection, gone & RECORDS.c.document.is_not(None), on_event)
        blank(connection, _places(connection, gone))
    return len(found)


def _tell(connection: Connection, gone: ColumnElement[bool], on_event: OnEvent) -> None:
    columns = (RECORDS.c.collection_id, RECORDS.c.object_id, RECORDS.c.origin, RECORDS.c.version)
    for row in connection.execute(select(*columns).where(gone).order_by(RECORDS.c.sequence)).all():
        told = {"collection_id": row.collection_id, "id": row.object_id, "versions": [row.version]}
        on_event("expire", row.origin, told, connection)


def blank(connection: Connection, places: Sequence[int]) -> None:
    """Take the content of records away; that they were there stays."""
    for start in range(0, len(places), _AT_A_TIME):
        some = places[start : start + _AT_A_TIME]
        gone = update(RECORDS).where(RECORDS.c.sequence.in_(some))
        connection.execute(gone.values(document=None, digest="", size_bytes=0))
        connection.execute(delete(LIVES).where(LIVES.c.sequence.in_(some)))


def _places(connection: Connection, gone: ColumnElement[bool]) -> Sequence[int]:
    return connection.execute(select(RECORDS.c.sequence).where(gone, RECORDS.c.kind == OBJECT)).scalars().all()
