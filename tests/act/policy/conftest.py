"""A service's database for tests of policies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.databases import KINDS, database_url

from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.store.database import open_database


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty one, on each of the two databases."""
    with database_url(request.param, tmp_path) as url:
        opened = open_database(url, SERVICE_TABLES)
        yield opened
        opened.dispose()
