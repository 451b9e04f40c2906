"""At which place of the ledger which tag was published: the only clock that says who knew first.

What is kept follows from the ledger's documents and is read on from where it ended, so that publishing pays nothing for
it and it can be made anew. Of a tag a digest is kept: it orders what was deleted, and gives nobody a tag back.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, STATE
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id, stix_id, uuid_of
from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import reading

__all__ = [
    "OWNERS",
    "PLACE_TABLES",
    "PUBLISHED",
    "RATES",
    "TAGS",
    "digest_of",
    "objects_of",
    "read_on",
    "read_on_in",
    "tags_in",
]

PLACE_TABLES: Final = MetaData()
_ids = String(120)

PUBLISHED: Final = Table(
    "trust_published",
    PLACE_TABLES,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", String(40), nullable=False, index=True),
    Column("collection_id", String(40), nullable=False),
    Column("object_id", _ids, nullable=False, index=True),
    Column("group_id", String(40)),
    Column("version", String(40), nullable=False),
    Column("has_ended", Boolean, nullable=False),
)
"""Indicators and their networks by their entry; revoked or deleted ones stay as a place and count no more."""

TAGS: Final = Table(
    "trust_tags",
    PLACE_TABLES,
    Column("digest", String(64), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("kind", String(20), nullable=False),
)

RATES: Final = Table(
    "trust_benign_rates",
    PLACE_TABLES,
    Column("indicator_id", String(40), primary_key=True),
    Column("member_id", String(40), primary_key=True),
    Column("rate", Float, nullable=False),
)
"""Benign rate of an indicator's tags, as each member told it last."""

OWNERS: Final = Table(
    "trust_owners",
    PLACE_TABLES,
    Column("member_id", String(40), primary_key=True),
    Column("owner_id", String(40), nullable=False),
)
"""Members that one company has; a member that is not here owns itself."""

_READ: Final = Table(
    "trust_read",
    PLACE_TABLES,
    Column("one", BigInteger, primary_key=True, autoincrement=False),
    Column("upto", BigInteger, nullable=False),
)
_KINDS: Final = [kind.value for kind in (Kind.PUBLISH, Kind.NETWORKS, Kind.REVOKE, Kind.SIGHTING)]
_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class _Said:
    """A document of the ledger that says something of a signal."""

    place: int
    actor: str
    document: Mapping[str, Any]


def digest_of(tag: Tag) -> str:
    """What stands for a tag where it was published.

    >>> digest_of(Tag(SignalKind.TLS, 1, "a" * 64)) == digest_of(Tag(SignalKind.TLS, 2, "a" * 64))
    False
    """
    return hashlib.sha256(f"{tag.kind.value} {tag.epoch} {tag.value}".encode()).hexdigest()


def objects_of(indicator_id: str) -> tuple[str, str]:
    """Ids of the two objects that carry an indicator's tags.

    Raises      InvalidInput when it is no id of an indicator.
    """
    return stix_id("indicator", indicator_id), derived_id("infrastructure", indicator_id)


def tags_in(made: Mapping[str, Any]) -> Iterable[Tag]:
    """Tags that an object carries; those that are none are passed over."""
    told = made.get("extensions", {}).get(EXTENSION, {}).get("tags", [])
    return [
        Tag(SignalKind(tag["kind"]), tag["epoch"], tag["value"]) for tag in told if tag.get("kind") in set(SignalKind)
    ]


def read_on(engine: Engine) -> None:
    """Take in what the ledger says since the last time; nothing is written when that is nothing."""
    with reading(engine).begin() as connection:
        if _upto(connection) == _size(connection):
            return
    with engine.begin() as connection:
        read_on_in(connection)


def read_on_in(connection: Connection) -> None:
    """The same inside a transaction: what documents say must be taken in before they are forgotten."""
    insert_if_new(connection, _READ, {"one": 1, "upto": 0})
    start = connection.execute(select(_READ.c.upto).with_for_update()).scalar_one()
    size = _size(connection)
    for first in range(start, size, _AT_A_TIME):
        tags: list[dict[str, Any]] = []
        for said in _said(connection, first, min(first + _AT_A_TIME, size)):
            _take(connection, said, tags)
        if tags:
            connection.execute(insert(TAGS), tags)
    connection.execute(update(_READ).values(upto=size))


def _upto(connection: Connection) -> int:
    return connection.execute(select(_READ.c.upto)).scalar() or 0


def _size(connection: Connection) -> int:
    return connection.execute(select(STATE.c.size)).scalar() or 0


def _said(connection: Connection, first: int, end: int) -> list[_Said]:
    chosen = (
        select(ENTRIES.c.index.label("place"), ENTRIES.c.actor, DOCUMENTS.c.document)
        .join(DOCUMENTS, DOCUMENTS.c.index == ENTRIES.c.index)
        .where(ENTRIES.c.index >= first, ENTRIES.c.index < end, ENTRIES.c.kind.in_(_KINDS))
        .order_by(ENTRIES.c.index)
    )
    return [_Said(row.place, row.actor, row.document) for row in connection.execute(chosen)]


def _take(connection: Connection, said: _Said, tags: list[dict[str, Any]]) -> None:
    made = said.document.get("object")
    if said.document.get("event") == "delete":
        _end(connection, str(said.document.get("id")), said.document.get("versions"))
    elif said.document.get("event") == "revoked":
        _end(connection, f"indicator--{said.document.get('indicator')}", None)
    elif not isinstance(made, Mapping):
        return
    elif made.get("type") == "sighting":
        _rate(connection, said.actor, made)
    elif made.get("revoked") is True:
        _end(connection, str(made.get("id")), None, said.actor)
    elif made.get("type") in {"indicator", "infrastructure"}:
        _place(connection, said, made)
        kinds = {digest_of(tag): tag.kind.value for tag in tags_in(made)}
        tags += [{"digest": digest, "place": said.place, "kind": kind} for digest, kind in kinds.items()]


def _place(connection: Connection, said: _Said, made: Mapping[str, Any]) -> None:
    row = {
        "place": said.place,
        "member_id": said.actor,
        "collection_id": said.document["collection_id"],
        "object_id": made["id"],
        "group_id": made.get("extensions", {}).get(EXTENSION, {}).get("group"),
        "version": str(made.get("modified", "")),
        "has_ended": False,
    }
    connection.execute(insert(PUBLISHED), row)


def _end(
    connection: Connection, object_id: str, versions: Collection[str] | None, member_id: str | None = None
) -> None:
    """End an object: versions of it, or all; who revokes ends its own alone. With an indicator its networks end."""
    indicator_id = uuid_of(object_id, "indicator")
    ids = [object_id] if indicator_id is None else objects_of(indicator_id)
    ended = update(PUBLISHED).where(PUBLISHED.c.object_id.in_(ids))
    if versions is not None:
        ended = ended.where(PUBLISHED.c.version.in_(list(versions)))
    if member_id is not None:
        ended = ended.where(PUBLISHED.c.member_id == member_id)
    connection.execute(ended.values(has_ended=True))


def _rate(connection: Connection, member_id: str, made: Mapping[str, Any]) -> None:
    rate = made.get("extensions", {}).get(EXTENSION, {}).get("benign_rate")
    indicator_id = uuid_of(made.get("sighting_of_ref"), "indicator")
    if rate is None or indicator_id is None:
        return
    key = {"indicator_id": indicator_id, "member_id": member_id}
    connection.execute(delete(RATES).filter_by(**key))
    connection.execute(insert(RATES), key | {"rate": float(rate)})
