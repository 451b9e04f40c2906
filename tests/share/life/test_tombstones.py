"""Tombstones in a database: kept for ever, the first one of two, in the ledger's order."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import NOW

from stillwatch.errors import InvalidInput
from stillwatch.share.life.tombstones import TOMBSTONE_TABLES, Cause, Tombstone, bury, tombstone_of, tombstones
from stillwatch.store.database import open_database

ONE = Tombstone("i1", Cause.APPEAL, NOW - timedelta(days=2), NOW, 7)
BURIALS = st.lists(
    st.builds(
        Tombstone,
        st.sampled_from(["i1", "i2", "i3"]),
        st.sampled_from(Cause),
        st.just(NOW),
        st.integers(0, 5).map(lambda hours: NOW + timedelta(hours=hours)),
        st.integers(0, 9),
    ),
    max_size=8,
)


def test_a_tombstone_outlives_the_process(tmp_path: Path) -> None:
    """It is there after the database was closed, to the microsecond, and a second burial changes nothing."""
    exact = replace(ONE, revoked_at=NOW + timedelta(microseconds=123_457))
    engine = open_database(tmp_path / "m.db", TOMBSTONE_TABLES)
    with engine.begin() as connection:
        assert bury(connection, exact)
        assert not bury(connection, replace(ONE, cause=Cause.WITHDRAWN))
    engine.dispose()
    with open_database(tmp_path / "m.db", TOMBSTONE_TABLES).begin() as connection:
        assert tombstone_of(connection, "i1") == exact
        assert tombstone_of(connection, "i2") is None


@given(burials=BURIALS, after=st.integers(-1, 9), most=st.integers(1, 4))
def test_the_first_stays_and_the_ledgers_order_is_theirs(burials: list[Tombstone], after: int, most: int) -> None:
    """Against a dictionary and a sort."""
    first: dict[str, Tombstone] = {}
    with open_database("sqlite://", TOMBSTONE_TABLES).begin() as connection:
        for burial in burials:
            assert bury(connection, burial) == (burial.indicator_id not in first)
            first.setdefault(burial.indicator_id, burial)
        found = tombstones(connection, after, most)
    wanted = sorted(one.entry for one in first.values() if one.entry > after)
    assert [one.entry for one in found] == wanted[:most]
    assert all(first[one.indicator_id] == one for one in found)


@pytest.mark.parametrize(
    "change",
    [{"indicator_id": ""}, {"indicator_id": "x" * 65}, {"revoked_at": datetime(2026, 11, 2)}],  # noqa: DTZ001
)
def test_what_is_no_tombstone_is_refused(change: dict[str, str]) -> None:
    """Ids have limits and times a zone."""
    with open_database("sqlite://", TOMBSTONE_TABLES).begin() as connection, pytest.raises(InvalidInput):
        bury(connection, replace(ONE, **change))  # type: ignore[arg-type]
