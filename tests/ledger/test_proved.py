"""Documents that are proved by what they are about: all that were recorded, nothing that was written in beside."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from stillwatch.ledger.book import Event, append_all, sign_head
from stillwatch.ledger.entry import Entry, Kind, Opening, commitment
from stillwatch.ledger.proved import proved_about
from stillwatch.ledger.tables import ABOUT, DOCUMENTS, ENTRIES, HEADS, LEDGER_TABLES, NODES
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

KEY = SigningKey.generate()
KEYS = keys_of([KEY.verify_key])
NOW = datetime(2026, 11, 27, tzinfo=UTC)
N = 1_300


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A ledger of many entries, two about each of many things."""
    engine = open_database("sqlite://", LEDGER_TABLES)
    with engine.begin() as connection:
        events = [Event(Kind.DECISION, "a", {"n": n}, NOW, f"thing {n // 2}") for n in range(N)]
        append_all(connection, events)
        sign_head(connection, KEY, NOW)
        yield connection
    engine.dispose()


def proved(connection: Connection, *names: str) -> list[tuple[str, int]]:
    """What is proved about some things."""
    return [(name, document["n"]) for name, document in proved_about(connection, names, KEYS)]


def test_all_that_is_on_record_is_proved(connection: Connection) -> None:
    """Of all things, in several reads, and nothing of others."""
    names = [f"thing {n}" for n in range(N // 2)]
    assert sorted(n for _, n in proved(connection, *names)) == list(range(N))
    assert proved(connection, "thing 7", "nothing") == [("thing 7", 14), ("thing 7", 15)]


def made_up(connection: Connection, index: int) -> None:
    """An entry with its document, written into the tables."""
    opening = Opening(bytes(32), {"n": -1})
    entry = Entry(index, NOW, Kind.DECISION, "a", commitment(opening))
    connection.execute(delete(ENTRIES).where(ENTRIES.c.index == index))
    connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.index == index))
    connection.execute(delete(ABOUT).where(ABOUT.c.index == index))
    connection.execute(insert(ENTRIES).values({**entry.told(), "root": bytes(32)}))
    connection.execute(insert(DOCUMENTS).values(index=index, salt=opening.salt, document=opening.document))
    connection.execute(insert(ABOUT).values(index=index, about="thing 7", version=""))


def _head_of_another_key(connection: Connection) -> None:
    made_up(connection, N)
    head = sign_head(connection, SigningKey.generate(), NOW)
    connection.execute(insert(HEADS).values(size=N + 1, head={**head, "size": N + 1}))


TAMPERED: dict[str, tuple[Callable[[Connection], object], list[int]]] = {
    "an entry in the place of another": (lambda c: made_up(c, 15), [14]),
    "an entry behind the last": (lambda c: made_up(c, N), [14, 15]),
    "the same with a head that nobody signed": (_head_of_another_key, [14, 15]),
    "heads that are none": (lambda c: c.execute(insert(HEADS).values(size=10**6, head=["?"])), [14, 15]),
    "a document": (lambda c: c.execute(update(DOCUMENTS).values(document={"n": -1})), []),
    "a document that is no JSON of ours": (
        lambda c: c.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == 14).values(salt=b"short")),
        [15],
    ),
    "an entry of another time": (
        lambda c: c.execute(update(ENTRIES).where(ENTRIES.c.index == 15).values(time="2020-01-01T00:00:00.000000Z")),
        [14],
    ),
    "an entry that is none": (lambda c: c.execute(update(ENTRIES).where(ENTRIES.c.index == 15).values(kind="x")), [14]),
    "a document that was forgotten": (lambda c: c.execute(delete(DOCUMENTS).where(DOCUMENTS.c.index == 15)), [14]),
    "nodes of the tree": (lambda c: c.execute(update(NODES).values(hash=bytes(32))), []),
    "nodes that are gone": (lambda c: c.execute(delete(NODES)), []),
    "heads that are gone": (lambda c: c.execute(delete(HEADS)), []),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_nothing_else_is_proved(connection: Connection, what: str) -> None:
    """Whatever is written into the tables, no document comes out that was not recorded."""
    change, left = TAMPERED[what]
    change(connection)
    assert [n for _, n in proved(connection, "thing 7")] == left


def test_another_key_proves_nothing(connection: Connection) -> None:
    """Only who may have signed counts."""
    assert list(proved_about(connection, ["thing 7"], keys_of([SigningKey.generate().verify_key]))) == []


def test_what_was_recorded_after_the_last_head_is_not_proved_yet(connection: Connection) -> None:
    """The service signs in the transaction that records; an entry that has no head is nobody's."""
    append_all(connection, [Event(Kind.DECISION, "a", {"n": N}, NOW, "thing 7")])
    assert [n for _, n in proved(connection, "thing 7")] == [14, 15]
    assert connection.execute(select(ENTRIES.c.index).where(ENTRIES.c.index == N)).scalar() == N
