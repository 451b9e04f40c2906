"""A row goes in once."""

import os
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select

from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import open_database

TABLES = MetaData()
ROWS = Table("rows", TABLES, Column("n", Integer, primary_key=True), Column("value", Integer))


def test_the_first_row_stays(tmp_path: Path) -> None:
    """Who comes second is told, and changes nothing."""
    with open_database(tmp_path / "a.db", TABLES).begin() as connection:
        assert insert_if_new(connection, ROWS, {"n": 1, "value": 1})
        assert not insert_if_new(connection, ROWS, {"n": 1, "value": 2})
        assert insert_if_new(connection, ROWS, {"n": 2, "value": 2})
        assert connection.execute(select(ROWS.c.value).order_by(ROWS.c.n)).scalars().all() == [1, 2]


@pytest.mark.skipif("STILLWATCH_TEST_POSTGRESQL" not in os.environ, reason="STILLWATCH_TEST_POSTGRESQL is not set")
def test_the_first_row_is_told_on_a_server() -> None:
    """The same on PostgreSQL, where the count of an insert is only told when it is asked for."""
    engine = open_database(os.environ["STILLWATCH_TEST_POSTGRESQL"], TABLES)
    try:
        with engine.begin() as connection:
            assert insert_if_new(connection, ROWS, {"n": 1, "value": 1})
            assert not insert_if_new(connection, ROWS, {"n": 1, "value": 2})
    finally:
        TABLES.drop_all(engine)
        engine.dispose()
