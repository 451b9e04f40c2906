"""A service's database for the tests of its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.act.desk import Office, office


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Office]:
    """A fresh database."""
    with office(tmp_path) as made:
        yield made
