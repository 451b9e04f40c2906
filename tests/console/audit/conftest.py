"""A service's database without users, for tests of the audit's data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.act.desk import Office, office
from tests.databases import KIND, database_url


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """Database and trail of a service: SQLite's, or the server's where there is one."""
    with database_url(KIND, tmp_path) as url, office(tmp_path, url) as opened:
        yield opened
