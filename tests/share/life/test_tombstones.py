"""Tombstones in a database: kept for ever, the earlier one of two."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import NOW

from stillwatch.errors import InvalidInput
from stillwatch.share.life.tombstones import TOMBSTONE_TABLES, buried, bury, tombstones_since
from stillwatch.share.life.versions import Held, RevocationReason, Tombstone, merged_all
from stillwatch.store.database import open_database

ONE = Tombstone("i1", NOW, RevocationReason.APPEAL_UPHELD)


def test_a_tombstone_outlives_the_process(tmp_path: Path) -> None:
    """It is there after the database was closed, to the microsecond, and a second burial changes nothing."""
    exact = replace(ONE, revoked_at=NOW + timedelta(microseconds=123_457))
    engine = open_database(tmp_path / "m.db", TOMBSTONE_TABLES)
    with engine.begin() as connection:
        assert bury(connection, exact)
        assert not bury(connection, exact)
    engine.dispose()
    with open_database(tmp_path / "m.db", TOMBSTONE_TABLES).begin() as connection:
        assert buried(connection, ["i1", "i2", "i1"]) == (exact,)


@given(
    burials=st.lists(
        st.builds(
            Tombstone,
            st.sampled_from(["i1", "i2"]),
            st.integers(0, 5).map(lambda hours: NOW + timedelta(hours=hours)),
            st.sampled_from(RevocationReason),
        ),
        max_size=8,
    )
)
def test_the_database_holds_what_merging_gives(burials: list[Tombstone]) -> None:
    """Whatever comes first."""
    with open_database("sqlite://", TOMBSTONE_TABLES).begin() as connection:
        for burial in burials:
            bury(connection, burial)
        kept = buried(connection, ["i1", "i2"])
    states: list[dict[str, Held]] = [{burial.indicator_id: burial} for burial in burials]
    assert {one.indicator_id: one for one in kept} == merged_all(*states)


def test_many_are_asked_for_at_once() -> None:
    """More than a statement has room for; the order is that of ids, and since a time that of revocation."""
    with open_database("sqlite://", TOMBSTONE_TABLES).begin() as connection:
        for n in range(1200):
            bury(connection, Tombstone(f"{n:04}", NOW - timedelta(minutes=n), RevocationReason.WITHDRAWN))
        found = buried(connection, [f"{n:04}" for n in range(2000)])
        late = tombstones_since(connection, NOW - timedelta(minutes=2))
    assert [one.indicator_id for one in found] == [f"{n:04}" for n in range(1200)]
    assert [one.indicator_id for one in late] == ["0002", "0001", "0000"]


@pytest.mark.parametrize(
    "change", [{"indicator_id": ""}, {"indicator_id": "x" * 65}, {"revoked_at": NOW.replace(tzinfo=None)}]
)
def test_what_is_no_tombstone_is_refused(change: dict[str, str]) -> None:
    """Ids have limits and times a zone."""
    with open_database("sqlite://", TOMBSTONE_TABLES).begin() as connection, pytest.raises(InvalidInput):
        bury(connection, replace(ONE, **change))  # type: ignore[arg-type]
