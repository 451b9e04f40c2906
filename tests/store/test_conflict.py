"""A row goes in once."""

import os
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select

from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import open_database

TABLES = MetaData()
ROWS = Table("rows", TABLES, Column("n", Integer, primary_key=True), Column("value", Integer))


POSTGRESQL = os.environ.get("STILLWATCH_TEST_POSTGRESQL")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_first_row_stays(kind: str, tmp_path: Path) -> None:
    """Who comes second is told, and changes nothing."""
    if kind == "postgresql" and not POSTGRESQL:
        pytest.skip("STILLWATCH_TEST_POSTGRESQL is not set")
    engine = open_database(tmp_path / "a.db" if kind == "sqlite" else str(POSTGRESQL), TABLES)
    with engine.begin() as connection:
        assert insert_if_new(connection, ROWS, {"n": 1, "value": 1})
        assert not insert_if_new(connection, ROWS, {"n": 1, "value": 2})
        assert insert_if_new(connection, ROWS, {"n": 2, "value": 2})
        assert connection.execute(select(ROWS.c.value).order_by(ROWS.c.n)).scalars().all() == [1, 2]
        TABLES.drop_all(connection)
    engine.dispose()
