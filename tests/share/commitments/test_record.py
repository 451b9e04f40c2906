"""Commit, publish, reveal: the ledger says who knew first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import Event, append, entry_at, forget, opening_of
from stillwatch.ledger.entry import Kind, is_of
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.record import commit, committed, knew_first, reveal
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, tzinfo=UTC)
TAG = {"kind": "address", "epoch": 1, "value": "a" * 64}
OTHER = {"kind": "address", "epoch": 1, "value": "b" * 64}
HOLDING = Holding("member-b", [TAG], b"s" * 32)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """One transaction of a forum."""
    with open_database(tmp_path / "forum.db", LEDGER_TABLES).begin() as begun:
        yield begun


def published(connection: Connection, actor: str = "member-a") -> int:
    """Entry of a publication."""
    return append(connection, Event(Kind.PUBLISH, actor, {"tags": ["a" * 64]}, NOW)).index


def test_who_committed_before_the_publication_knew_first(connection: Connection) -> None:
    """By place in the ledger, whatever the clocks say; an echo commits after it."""
    before = commit(connection, HOLDING.commitment, NOW + timedelta(hours=1))
    publication = entry_at(connection, published(connection))
    after = commit(connection, HOLDING.commitment, NOW - timedelta(hours=1))
    assert knew_first(before, publication)
    assert not knew_first(after, publication)
    assert committed(connection, before.index) == HOLDING.commitment


def test_nobody_corroborates_oneself(connection: Connection) -> None:
    """Commitment and publication of one member."""
    before = commit(connection, HOLDING.commitment, NOW)
    publication = entry_at(connection, published(connection, "member-b"))
    assert not knew_first(before, publication)
    with pytest.raises(InvalidInput, match="publish and commitment"):
        knew_first(publication, before)


def test_a_reveal_is_checked_and_recorded(connection: Connection) -> None:
    """The entry is of what was revealed."""
    entry = commit(connection, HOLDING.commitment, NOW)
    found = reveal(connection, "member-b", entry.index, [HOLDING.reveal(TAG)], NOW)
    opening = opening_of(connection, found.index)
    assert found.kind is Kind.REVEAL
    assert opening is not None
    assert is_of(found, opening)
    assert opening.document["reveals"][0]["item"] == TAG


def test_a_false_reveal_is_not_recorded(connection: Connection) -> None:
    """Of another holding, by another member, of nothing, of an entry that is no commitment or was forgotten."""
    index = commit(connection, HOLDING.commitment, NOW).index
    later = Holding("member-b", [OTHER], b"s" * 32)
    with pytest.raises(FailedProof):
        reveal(connection, "member-b", index, [HOLDING.reveal(TAG), later.reveal(OTHER)], NOW)
    with pytest.raises(InvalidInput, match="its own"):
        reveal(connection, "member-c", index, [HOLDING.reveal(TAG)], NOW)
    with pytest.raises(InvalidInput, match="something"):
        reveal(connection, "member-b", index, [], NOW)
    with pytest.raises(MissingData, match="no commitment"):
        reveal(connection, "member-b", published(connection), [HOLDING.reveal(TAG)], NOW)
    forget(connection, index)
    with pytest.raises(MissingData, match="no commitment"):
        reveal(connection, "member-b", index, [HOLDING.reveal(TAG)], NOW)
    with pytest.raises(MissingData, match="no entry 2"):
        entry_at(connection, 2)
