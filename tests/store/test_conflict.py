"""A row goes in once."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select
from tests.databases import KINDS, database_url

from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import open_database

TABLES = MetaData()
ROWS = Table("rows", TABLES, Column("n", Integer, primary_key=True), Column("value", Integer))


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_row_stays(kind: str, tmp_path: Path) -> None:
    """Who comes second is told, and changes nothing."""
    with database_url(kind, tmp_path) as url:
        engine = open_database(url, TABLES)
        with engine.begin() as connection:
            assert insert_if_new(connection, ROWS, {"n": 1, "value": 1})
            assert not insert_if_new(connection, ROWS, {"n": 1, "value": 2})
            assert insert_if_new(connection, ROWS, {"n": 2, "value": 2})
            assert connection.execute(select(ROWS.c.value).order_by(ROWS.c.n)).scalars().all() == [1, 2]
        engine.dispose()
