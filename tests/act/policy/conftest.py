"""A service's database for tests of policies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from stillwatch.act.policy.book import open_policies
from stillwatch.act.policy.tables import POLICY_TABLES
from stillwatch.ledger.tables import LEDGER_TABLES

POSTGRESQL = os.environ.get("STILLWATCH_TEST_POSTGRESQL")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty one, on each of the two databases."""
    if request.param == "postgresql" and not POSTGRESQL:
        pytest.skip("STILLWATCH_TEST_POSTGRESQL is not set")
    opened = open_policies(str(tmp_path / "service.db") if request.param == "sqlite" else str(POSTGRESQL))
    yield opened
    POLICY_TABLES.drop_all(opened)
    LEDGER_TABLES.drop_all(opened)
    opened.dispose()
