"""An exchange for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.share.hostile.exchange import Exchange, opened_exchange


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """Forum with guard, ledger and keys."""
    with opened_exchange(tmp_path) as opened:
        yield opened
