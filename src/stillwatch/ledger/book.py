"""The ledger in a database: append in the transaction of what is recorded, sign heads, forget documents."""

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from stillwatch.errors import MissingData
from stillwatch.ledger.edge import Edge
from stillwatch.ledger.entry import SALT_BYTES, Entry, Kind, Opening, commitment
from stillwatch.ledger.head import Head, signed_head
from stillwatch.ledger.tables import ABOUT, DOCUMENTS, ENTRIES, HEADS, NODES, STATE
from stillwatch.signing.keys import SigningKey
from stillwatch.store.conflict import insert_if_new

__all__ = [
    "Event",
    "append",
    "append_all",
    "entry_at",
    "forget",
    "forget_about",
    "head",
    "opening_of",
    "recorder",
    "sign_head",
]

# Made once: to build a statement takes longer than to run it.
_LOCK = select(STATE).with_for_update()
_ADD_ENTRIES, _ADD_NODES, _ADD_DOCUMENTS, _ADD_HEAD = (insert(t) for t in (ENTRIES, NODES, DOCUMENTS, HEADS))
_ADD_ABOUT = insert(ABOUT)
_GROW = update(STATE)
_HEAD_OF = select(HEADS.c.head).where(HEADS.c.size == bindparam("of_size"))


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be recorded.

    actor       Pseudonym of who did it.
    document    What the entry commits to; it can be forgotten later.
    about       What it is about, for `forget_about`, at most 400 characters; empty: it stays until `forget`.
    version     Version of what it is about, at most 40 characters.
    """

    kind: Kind
    actor: str
    document: Mapping[str, Any]
    time: datetime
    about: str = ""
    version: str = ""


def append(connection: Connection, event: Event) -> Entry:
    """Record one event.

    Raises      InvalidInput when the document is no JSON or the actor no pseudonym.
    """
    return append_all(connection, [event])[0]


def append_all(connection: Connection, events: Sequence[Event]) -> list[Entry]:
    """Record events in order, in the caller's transaction; it holds the ledger until it ends.

    Raises      InvalidInput when a document is no JSON or an actor no pseudonym; nothing is written then.
    """
    _, edge = _locked(connection)
    openings = [Opening(secrets.token_bytes(SALT_BYTES), event.document) for event in events]
    entries = [
        Entry(edge.size + i, event.time, event.kind, event.actor, commitment(opening))
        for i, (event, opening) in enumerate(zip(events, openings, strict=True))
    ]
    if entries:
        _write(connection, edge, entries)
        rows = [
            {"index": e.index, "salt": o.salt, "document": dict(o.document)}
            for e, o in zip(entries, openings, strict=True)
        ]
        connection.execute(_ADD_DOCUMENTS, rows)
        about = [
            {"index": entry.index, "about": event.about, "version": event.version}
            for entry, event in zip(entries, events, strict=True)
            if event.about
        ]
        if about:
            connection.execute(_ADD_ABOUT, about)
    return entries


def _locked(connection: Connection) -> tuple[str, Edge]:
    """Name and edge of the ledger, which nobody else appends to until the transaction ends."""
    row = connection.execute(_LOCK).one_or_none()
    if row is None:
        insert_if_new(connection, STATE, {"one": 1, "ledger": uuid.uuid4().hex, "size": 0, "edge": b""})
        row = connection.execute(_LOCK).one()
    return row.ledger, Edge.of(row.size, row.edge)


def _write(connection: Connection, edge: Edge, entries: Sequence[Entry]) -> None:
    rows, nodes = [], []
    for entry in entries:
        nodes += [{"position": node.position, "hash": found} for node, found in edge.append(entry.leaf)]
        rows.append({**entry.told(), "root": edge.root})
    connection.execute(_ADD_ENTRIES, rows)
    connection.execute(_ADD_NODES, nodes)
    connection.execute(_GROW, {"size": edge.size, "edge": edge.data})


def head(connection: Connection, time: datetime) -> Head:
    """State of the ledger, which nobody appends to until the transaction ends."""
    ledger, edge = _locked(connection)
    return Head(ledger, edge.size, edge.root, time)


def sign_head(connection: Connection, key: SigningKey, time: datetime) -> dict[str, Any]:
    """Sign the state of the ledger and keep the head; of one size there is one head, the first."""
    state = head(connection, time)
    told: dict[str, Any] | None = connection.execute(_HEAD_OF, {"of_size": state.size}).scalar()
    if told is None:
        told = signed_head(state, key)
        connection.execute(_ADD_HEAD, {"size": state.size, "head": told})
    return told


def entry_at(connection: Connection, index: int) -> Entry:
    """Entry by its index.

    Raises      MissingData when the ledger is shorter.
    """
    row = connection.execute(select(ENTRIES).where(ENTRIES.c.index == index)).mappings().one_or_none()
    if row is None:
        message = f"the ledger has no entry {index}"
        raise MissingData(message)
    return Entry.of({name: value for name, value in row.items() if name != "root"})


def opening_of(connection: Connection, index: int) -> Opening | None:
    """What an entry commits to; None when it was forgotten, or there is no such entry."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.index == index)).one_or_none()
    return None if row is None else Opening(row.salt, row.document)


def forget(connection: Connection, index: int) -> bool:
    """Delete what an entry commits to, salt and document; the entry still verifies. Whether there was anything.

    A database of SQLite overwrites them; its write-ahead log is overwritten at the next checkpoint.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    return connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.index == index)).rowcount > 0


def forget_about(connection: Connection, about: str, versions: Sequence[str] | None = None) -> int:
    """Forget every document about something; how many.

    versions    Only those of these versions; None: all.
    """
    wanted = select(ABOUT.c.index).where(ABOUT.c.about == about)
    if versions is not None:
        wanted = wanted.where(ABOUT.c.version.in_(versions))
    indexes = connection.execute(wanted.order_by(ABOUT.c.index)).scalars().all()
    found = sum(forget(connection, index) for index in indexes)
    for index in indexes:
        connection.execute(delete(ABOUT).where(ABOUT.c.index == index))
    return found


def recorder(key: SigningKey) -> Callable[[str, str, Mapping[str, Any], Connection], None]:
    """Function that records an event, now, and signs the head: for whoever publishes.

    It takes kind, actor, document and the connection of the transaction in which the event happens.
    """

    def record(kind: str, actor: str, document: Mapping[str, Any], connection: Connection) -> None:
        now = datetime.now(UTC)
        append(connection, Event(Kind(kind), actor, document, now))
        sign_head(connection, key, now)

    return record
