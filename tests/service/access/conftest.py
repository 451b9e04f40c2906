"""Users in a file, and on a server where ``STILLWATCH_TEST_POSTGRESQL`` names one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import KINDS, database_url
from tests.service.access.people import People, people


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    """A service without users."""
    with database_url(request.param, tmp_path) as url, people(tmp_path, url) as made:
        yield made
