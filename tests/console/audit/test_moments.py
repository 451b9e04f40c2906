"""A place in the ledger by its time: by halving, and allowing for entries a little out of order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, insert
from tests.act.desk import Office
from tests.console.audit.recorded import NOW, note

from stillwatch.console.audit.moments import first_at, recorded_at, size_of
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ENTRIES, LEDGER_TABLES
from stillwatch.signing.stamp import stamp
from stillwatch.store.database import open_database


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=20), st.integers(-1, 21))
def test_first_of_that_time_or_later(seconds: list[int], asked: int) -> None:
    """Halving finds what going through all entries in order finds."""
    times = [stamp(NOW + timedelta(seconds=one)) for one in sorted(seconds)]
    wanted = stamp(NOW + timedelta(seconds=asked))
    engine = open_database("sqlite://", MetaData())
    LEDGER_TABLES.create_all(engine)
    with engine.begin() as connection:
        entry = {"kind": "case", "actor": "ada", "commitment": "0" * 64, "root": bytes(32)}
        rows = [{"index": i, "time": time, **entry} for i, time in enumerate(times)]
        if rows:
            connection.execute(insert(ENTRIES), rows)
        assert first_at(connection, wanted, len(times)) == sum(time < wanted for time in times)
    engine.dispose()


def test_what_was_written_with_a_row(desk: Office) -> None:
    """An entry is found by its exact time, kind and a field; others of that moment are not."""
    note(desk, 3)
    index = note(desk, 1, Kind.APPEAL, at=NOW + timedelta(seconds=5), event="answered", appeal_id="a-1")
    note(desk, 1, Kind.APPEAL, at=NOW + timedelta(seconds=5), event="answered", appeal_id="a-2")
    note(desk, 3, at=NOW + timedelta(seconds=9))
    with desk.engine.begin() as connection:
        at = stamp(NOW + timedelta(seconds=5))
        assert size_of(connection) == 8
        assert recorded_at(connection, at, Kind.APPEAL, "appeal_id", "a-1") == [index]
        assert recorded_at(connection, at, Kind.CASE, "appeal_id", "a-1") == []
        assert recorded_at(connection, stamp(NOW), Kind.APPEAL, "appeal_id", "a-1") == []
