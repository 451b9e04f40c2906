"""Proofs of many entries by few queries against those of one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ledger.book import Event, append_all
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.proofs import inclusion_path, inclusion_paths
from stillwatch.ledger.tables import LEDGER_TABLES, NODES
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@given(st.integers(1, 80), st.data())
def test_many_are_as_one_by_one(size: int, data: st.DataObject) -> None:
    """Any entries of any ledger, in any order, at any size that it had."""
    engine = open_database("sqlite://", LEDGER_TABLES)
    with engine.begin() as connection:
        append_all(connection, [Event(Kind.DECISION, "a", {"n": n}, NOW) for n in range(size)])
        then = data.draw(st.integers(1, size))
        indexes = data.draw(st.lists(st.integers(0, then - 1), max_size=20))
        assert inclusion_paths(connection, indexes, then) == [inclusion_path(connection, i, then) for i in indexes]
    engine.dispose()


def test_what_there_is_no_proof_of() -> None:
    """No such entry, no such size, a tree that was damaged."""
    engine = open_database("sqlite://", LEDGER_TABLES)
    with engine.begin() as connection:
        append_all(connection, [Event(Kind.DECISION, "a", {"n": n}, NOW) for n in range(5)])
        for indexes, size in (([0, 5], 5), ([-1], 5), ([0], 6)):
            with pytest.raises(InvalidInput):
                inclusion_paths(connection, indexes, size)
        connection.execute(delete(NODES))
        with pytest.raises(UnreadableSource):
            inclusion_paths(connection, [1], 5)
    engine.dispose()
