"""A service's database for tests of policies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from stillwatch.act.policy.book import open_policies


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty one, in a file."""
    opened = open_policies(str(tmp_path / "service.db"))
    yield opened
    opened.dispose()
