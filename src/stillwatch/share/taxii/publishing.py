"""Write to a collection: publish and delete, each in one transaction that is on the disk before anybody hears of it."""

import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from stillwatch.share.access.events import Happened, tell_all
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Quotas
from stillwatch.share.access.roster import OnEvent, Role, no_event
from stillwatch.share.access.tables import SEQUENCE, advance, counter
from stillwatch.share.taxii.admission import Failure, Prepared
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.forgetting import blank, forget_taken_back, networks_of, note_lives
from stillwatch.share.taxii.moments import timestamp
from stillwatch.share.taxii.selection import page
from stillwatch.share.taxii.status import new_status, store_statuses
from stillwatch.share.taxii.tables import ALL_VERSIONS, EVERYWHERE, RECORDS, TOMBSTONE, UNVERSIONED

__all__ = ["NotYours", "Publication", "erase", "insert_objects", "refuse_everywhere"]

_LATEST: Final = "added"
"""Counter that holds the newest time of adding, in microseconds: no two additions have the same."""
_AT_A_TIME: Final = 400
# Made once: to build a statement takes longer than to run it.
_ADD: Final = insert(RECORDS)
_THERE: Final = (
    select(
        RECORDS.c.sequence,
        RECORDS.c.object_id,
        RECORDS.c.kind,
        RECORDS.c.version_us,
        RECORDS.c.digest,
        RECORDS.c.origin,
    )
    .where(RECORDS.c.collection_id.in_(bindparam("collections", expanding=True)))
    .where(RECORDS.c.object_id.in_(bindparam("ids", expanding=True)))
)
"""Not sorted by the engine: asked for the order of the sequence, SQLite reads all of the collection in that order."""


class NotYours(Exception):  # noqa: N818 - it says what is wrong
    """Who wants to delete has not published it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What one request wants to publish."""

    member: Member
    collection_id: str
    items: Sequence[Prepared | Failure]
    quotas: Quotas

    @property
    def size_bytes(self) -> int:
        """Bytes of the objects that may be stored."""
        return sum(len(item.document) for item in self.items if isinstance(item, Prepared))


@dataclass(frozen=True, slots=True)
class _Held:
    """What a collection has of one id."""

    origin: str
    digests: dict[int, str]
    ended: frozenset[int]


_Key = tuple[str, str]


def insert_objects(
    connection: Connection, publications: Sequence[Publication], on_event: OnEvent
) -> list[dict[str, Any]]:
    """Store what may be stored, and give the status of each publication; the caller holds the sequence."""
    held = _held(connection, publications)
    rows: list[dict[str, Any]] = []
    added_us = max(time.time_ns() // 1000, counter(connection, _LATEST) + 1)
    events: list[Happened] = []
    statuses = [_weigh(publication, held, rows, events, added_us) for publication in publications]
    _append(connection, rows)
    documents = [event.document["object"] for event in events]
    note_lives(connection, rows, documents)
    for row, document in zip(rows, documents, strict=True):
        if document.get("revoked") is True:
            forget_taken_back(connection, row)
    tell_all(on_event, events, connection)
    members = [publication.member.member_id for publication in publications]
    store_statuses(connection, list(zip(members, statuses, strict=True)))
    return statuses


def _weigh(
    publication: Publication,
    held: dict[_Key, _Held],
    rows: list[dict[str, Any]],
    events: list[Happened],
    added_us: int,
) -> dict[str, Any]:
    """Status of a publication; rows and events of what is new in it are added to the others."""
    successes: list[dict[str, str]] = []
    failures: list[dict[str, str]] = []
    member_id, collection_id = publication.member.member_id, publication.collection_id
    for item in publication.items:
        key = collection_id, item.object_id
        outcome = item.message if isinstance(item, Failure) else _outcome(held.get(key), item, member_id)
        told = {"id": item.object_id, "version": item.version or timestamp(added_us)}
        if isinstance(item, Failure) or outcome not in ("new", "same"):
            failures.append(told | {"message": outcome})
            continue
        successes.append(told)
        if outcome == "new":
            rows.append(_row(item, collection_id, member_id, added_us + len(rows)))
            events.append(Happened("publish", member_id, {"collection_id": collection_id, "object": item.content}))
            there = held.setdefault(key, _Held(member_id, {}, frozenset()))
            there.digests[item.version_us] = rows[-1]["digest"]
    return new_status(str(uuid.uuid4()), successes, failures)


def erase(connection: Connection, member: Member, collection_id: str, filters: Filters, on_event: OnEvent) -> list[str]:
    """Blank versions of one object and leave tombstones; versions that are gone now, none when there were none.

    With an indicator as a whole its networks go, an object of their own; listeners hear of the indicator.

    Raises      NotYours unless the member is its originator or an operator.
    """
    advance(connection, SEQUENCE, 0)
    found = page(connection, collection_id, filters, 0, documents=False).records
    if not found:
        return []
    if member.role is not Role.OPERATOR and any(record.origin != member.member_id for record in found):
        raise NotYours
    places = [record.sequence for record in found]
    chosen = select(RECORDS.c.sequence, RECORDS.c.version_us).where(RECORDS.c.sequence.in_(places))
    versions = {row.sequence: row.version_us for row in connection.execute(chosen)}
    blank(connection, places)
    added_us = max(time.time_ns() // 1000, counter(connection, _LATEST) + 1)
    stones = [(ALL_VERSIONS, "")] if filters.every else [(versions[r.sequence], r.version) for r in found]
    first = found[0]
    common = {"kind": TOMBSTONE, "collection_id": collection_id, "object_id": first.object_id, "type": first.type}
    rest = {"origin": first.origin, "digest": "", "size_bytes": 0, "document": None}
    rows = [
        {**common, **rest, "version_us": version_us, "version": version, "added_us": added_us + n}
        for n, (version_us, version) in enumerate(stones)
    ]
    _append(connection, rows)
    gone = [record.version for record in found]
    told: dict[str, Any] = {"collection_id": collection_id, "id": first.object_id, "versions": gone}
    networks = networks_of(first.object_id) if filters.every else None
    on_event("delete", member.member_id, told | ({} if networks is None else {"networks": networks}), connection)
    if networks is not None:
        with suppress(NotYours):  # somebody else took the id: what is of this originator is gone
            erase(connection, member, collection_id, replace(filters, ids=(networks,)), no_event)
    return gone


def refuse_everywhere(connection: Connection, origin: str, object_ids: Sequence[str]) -> None:
    """Leave tombstones for objects in all collections, so that nobody can publish them again; in the caller's sequence.

    origin      Who had published them.
    """
    there = select(RECORDS.c.object_id).where(
        RECORDS.c.collection_id == EVERYWHERE, RECORDS.c.object_id.in_(object_ids)
    )
    known = set(connection.execute(there).scalars())
    added_us = max(time.time_ns() // 1000, counter(connection, _LATEST) + 1)
    common = {"kind": TOMBSTONE, "collection_id": EVERYWHERE, "version_us": ALL_VERSIONS, "version": ""}
    rest = {"origin": origin, "digest": "", "size_bytes": 0, "document": None}
    fresh = [object_id for object_id in object_ids if object_id not in known]
    rows = [
        {**common, **rest, "object_id": object_id, "type": object_id.partition("--")[0], "added_us": added_us + n}
        for n, object_id in enumerate(fresh)
    ]
    _append(connection, rows)


def _held(connection: Connection, publications: Sequence[Publication]) -> dict[_Key, _Held]:
    wanted: dict[str, set[str]] = {}
    for publication in publications:
        wanted.setdefault(publication.collection_id, set()).update(item.object_id for item in publication.items)
    held: dict[_Key, _Held] = {}
    for collection_id, found in wanted.items():
        ids = sorted(found)
        for start in range(0, len(ids), _AT_A_TIME):
            asked = {"collections": [collection_id, EVERYWHERE], "ids": ids[start : start + _AT_A_TIME]}
            for row in sorted(connection.execute(_THERE, asked), key=attrgetter("sequence")):
                _hold(held, (collection_id, row.object_id), row)
    return held


def _hold(held: dict[_Key, _Held], key: _Key, row: Any) -> None:  # noqa: ANN401 - a row of the table
    before = held.get(key, _Held(row.origin, {}, frozenset()))
    if row.kind == TOMBSTONE:
        held[key] = _Held(before.origin, before.digests, before.ended | {row.version_us})
    else:
        before.digests[row.version_us] = row.digest
        held[key] = before


def _outcome(there: _Held | None, item: Prepared, member_id: str) -> str:
    """New, same, or why not."""
    if there is None:
        return "new"
    if not there.ended.isdisjoint((item.version_us, ALL_VERSIONS)):
        return "id: was deleted, and stays so"
    digest = there.digests.get(item.version_us)
    if digest is not None:
        return "same" if digest == item.digest else "modified: this version is there with another content"
    return "new" if there.origin == member_id else "id: belongs to another originator"


def _row(item: Prepared, collection_id: str, member_id: str, added_us: int) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "collection_id": collection_id,
        "object_id": item.object_id,
        "type": item.type,
        "version_us": item.version_us,
        "version": timestamp(added_us) if item.version_us == UNVERSIONED else item.version,
        "added_us": added_us,
        "origin": member_id,
        "digest": item.digest,
        "size_bytes": len(item.document),
        "document": item.document,
    }


def _append(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Give rows their places, and set the newest time; nobody else can between the first line and the commit."""
    if not rows:
        return
    last = advance(connection, SEQUENCE, len(rows))
    for place, row in enumerate(rows, last - len(rows) + 1):
        row["sequence"] = place
    connection.execute(_ADD, rows)
    advance(connection, _LATEST, rows[-1]["added_us"] - counter(connection, _LATEST))
