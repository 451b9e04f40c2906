"""A service's database without users, for tests of the audit's data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.act.desk import Office, office


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """Database and trail of a service."""
    with office(tmp_path) as opened:
        yield opened
