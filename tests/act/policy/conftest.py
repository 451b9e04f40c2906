"""A service's database for tests of policies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.store.database import open_database

POSTGRESQL = os.environ.get("STILLWATCH_TEST_POSTGRESQL")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty one, on each of the two databases."""
    if request.param == "postgresql" and not POSTGRESQL:
        pytest.skip("STILLWATCH_TEST_POSTGRESQL is not set")
    opened = open_database(tmp_path / "service.db" if request.param == "sqlite" else str(POSTGRESQL), SERVICE_TABLES)
    yield opened
    SERVICE_TABLES.drop_all(opened)
    opened.dispose()
