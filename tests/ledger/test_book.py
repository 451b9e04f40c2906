"""The ledger in a database: proofs as from the definition, all or nothing, and forgotten means gone."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, func, select

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import (
    Event,
    append,
    append_all,
    entry_at,
    forget,
    forget_about,
    head,
    opening_of,
    recorder,
    sign_head,
)
from stillwatch.ledger.entry import Kind, is_of
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import consistency_path, inclusion_path, root_at
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, HEADS, LEDGER_TABLES, NODES
from stillwatch.ledger.tree import Node
from stillwatch.ledger.verification import is_consistent, is_included
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.signature import verify_signed
from stillwatch.store.database import open_database

TIME = datetime(2026, 11, 27, tzinfo=UTC)
KEY = SigningKey.generate()
KEYS = keys_of([KEY.verify_key])


def event(n: int) -> Event:
    """The n-th event."""
    return Event(list(Kind)[n % len(Kind)], f"member-{n % 3}", {"n": n, "share": 0.5}, TIME + timedelta(seconds=n))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Database of a forum."""
    return open_database(tmp_path / "forum.db", LEDGER_TABLES)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One transaction of it."""
    with engine.begin() as begun:
        yield begun


def test_every_proof_out_of_the_database_verifies(connection: Connection) -> None:
    """All entries and earlier sizes of a ledger of 37, appended one by one and in batches."""
    for n in range(5):
        append(connection, event(n))
    append_all(connection, [event(n) for n in range(5, 37)])
    roots = [root_at(connection, size) for size in range(38)]
    assert head(connection, TIME).root == roots[37]
    for size in (1, 2, 31, 32, 33, 37):
        for index in range(size):
            leaf = entry_at(connection, index).leaf
            assert is_included(leaf, index, size, inclusion_path(connection, index, size), roots[size])
        for first in range(size + 1):
            path = consistency_path(connection, first, size)
            assert is_consistent(first, size, path, roots[first], roots[size])


def test_one_by_one_and_all_at_once_are_one_tree(tmp_path: Path) -> None:
    """Nodes by nodes; commitments differ by their salts, so that the leaves are copied."""
    with open_database(tmp_path / "a.db", LEDGER_TABLES).begin() as connection:
        for n in range(20):
            append(connection, event(n))
        assert connection.execute(select(func.count()).select_from(NODES)).scalar() == 20 + 10 + 5 + 2 + 1
        assert connection.execute(select(ENTRIES.c.root).where(ENTRIES.c.index == 12)).scalar() == root_at(
            connection, 13
        )


def test_an_entry_is_of_its_document(connection: Connection) -> None:
    """As it was recorded, and nobody else's."""
    entries = append_all(connection, [event(0), event(1)])
    found = opening_of(connection, 1)
    assert found is not None
    assert found.document == {"n": 1, "share": 0.5}
    assert is_of(entries[1], found)
    assert not is_of(entries[0], found)
    assert entry_at(connection, 1) == entries[1]


def test_what_is_forgotten_is_gone_and_its_entry_still_verifies(tmp_path: Path) -> None:
    """Neither salt nor document is anywhere on the disk after the next checkpoint; root and proof stand."""
    engine = open_database(tmp_path / "forum.db", LEDGER_TABLES)
    planted = "planted-7f3a"
    with engine.begin() as connection:
        append_all(connection, [event(0), Event(Kind.PUBLISH, "a", {"text": planted}, TIME), event(2)])
        before = head(connection, TIME)
        opening = opening_of(connection, 1)
    assert opening is not None
    with engine.begin() as connection:
        assert forget(connection, 1)
        assert not forget(connection, 1)
        assert opening_of(connection, 1) is None
        assert head(connection, TIME) == before
        check_proof(Proof(entry_at(connection, 1), 3, tuple(inclusion_path(connection, 1, 3))), before)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
    engine.dispose()
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert planted.encode() not in disk
    assert opening.salt not in disk


def test_everything_about_one_thing_is_forgotten_together(connection: Connection) -> None:
    """All versions or those that are named; what is about nothing, or about something else, stays."""
    about = [("a", "1"), ("a", "2"), ("b", "1"), ("", ""), ("a", "3")]
    append_all(connection, [Event(Kind.PUBLISH, "m", {"n": n}, TIME, *of) for n, of in enumerate(about)])
    before = head(connection, TIME)
    assert forget_about(connection, "a", ["2", "9"]) == 1
    assert [opening_of(connection, n) is None for n in range(5)] == [False, True, False, False, False]
    assert forget_about(connection, "a") == 2
    assert forget_about(connection, "a") == forget_about(connection, "") == 0
    assert [opening_of(connection, n) is None for n in range(5)] == [True, True, False, False, True]
    assert head(connection, TIME) == before


def test_what_fails_leaves_no_entry(engine: Engine) -> None:
    """A roll-back of the caller, a document that is no JSON and an actor that is no pseudonym."""
    with engine.connect() as begun, begun.begin() as transaction:
        append(begun, event(0))
        transaction.rollback()
    with engine.begin() as connection:
        bad = [Event(Kind.PUBLISH, "a", {"x": float("nan")}, TIME), Event(Kind.PUBLISH, "a b", {}, TIME)]
        for wrong in bad:
            with pytest.raises(InvalidInput):
                append_all(connection, [event(1), wrong])
        assert append_all(connection, []) == []
        assert head(connection, TIME).size == 0
        assert connection.execute(select(func.count()).select_from(DOCUMENTS)).scalar() == 0


def test_many_writers_make_one_ledger(engine: Engine) -> None:
    """Eight threads with ten transactions each: 80 entries without a gap, every root that of its size."""

    def work(worker: int) -> None:
        for n in range(10):
            with engine.begin() as connection:
                append(connection, event(10 * worker + n))
                sign_head(connection, KEY, TIME)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(ENTRIES)).scalar() == 80
        assert connection.execute(select(func.max(ENTRIES.c.index))).scalar() == 79
        told = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size)).scalars().all()
        assert [verify_head(one, KEYS).root for one in told] == [root_at(connection, n) for n in range(1, 81)]


def test_of_one_size_there_is_one_head(connection: Connection) -> None:
    """Signing twice gives the first again; the name of the ledger stays."""
    append(connection, event(0))
    first = sign_head(connection, KEY, TIME)
    assert sign_head(connection, KEY, TIME + timedelta(days=1)) == first
    append(connection, event(1))
    second = sign_head(connection, KEY, TIME)
    assert (second["ledger"], second["size"]) == (first["ledger"], 2)


def test_the_recorder_writes_and_signs(connection: Connection) -> None:
    """An entry and a head of it in the transaction of whoever publishes."""
    recorder(KEY)("publish", "member-a", {"indicator": 1}, connection)
    told = connection.execute(select(HEADS.c.head)).scalar_one()
    assert verify_signed(told, KEYS) == KEY.key_id
    assert entry_at(connection, 0).kind is Kind.PUBLISH
    with pytest.raises(ValueError, match="ban"):
        recorder(KEY)("ban", "member-a", {}, connection)


def test_what_is_not_there_is_said(connection: Connection) -> None:
    """Entries, sizes and earlier sizes beyond the ledger."""
    append_all(connection, [event(0), event(1)])
    with pytest.raises(MissingData, match="no entry 2"):
        entry_at(connection, 2)
    for ask in (
        lambda: inclusion_path(connection, 2, 2),
        lambda: inclusion_path(connection, 0, 3),
        lambda: consistency_path(connection, 2, 1),
        lambda: root_at(connection, -1),
    ):
        with pytest.raises(InvalidInput):
            ask()


def test_a_database_that_lost_a_node_says_so(connection: Connection) -> None:
    """Rather than prove something else."""
    append_all(connection, [event(n) for n in range(4)])
    connection.execute(delete(NODES).where(NODES.c.position == Node(1, 1).position))
    with pytest.raises(UnreadableSource, match="lost"):
        inclusion_path(connection, 0, 4)
