"""A service's database for the tests of acting; on a server where ``STILLWATCH_TEST_POSTGRESQL`` names one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.act.desk import Office, office
from tests.databases import KIND, database_url


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Office]:
    """A fresh database."""
    with database_url(KIND, tmp_path) as url, office(tmp_path, url) as made:
        yield made
