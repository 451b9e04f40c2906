"""A service's database for the tests of acting; on a server where ``STILLWATCH_TEST_POSTGRESQL`` names one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.act.desk import Office, office


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Office]:
    """A fresh database."""
    with office(tmp_path, os.environ.get("STILLWATCH_TEST_POSTGRESQL")) as made:
        yield made
