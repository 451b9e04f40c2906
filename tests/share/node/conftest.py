"""Two members, made once."""

import pytest
from tests.share.node import members
from tests.share.node.members import halves

from stillwatch.share.answers.check import Memory
from stillwatch.share.node.local import LocalIndex


@pytest.fixture(scope="session")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LocalIndex]:
    """Indexes of alpha and beta."""
    return halves(tmp_path_factory.mktemp("members"))


@pytest.fixture(scope="session")
def beta(indexes: dict[str, LocalIndex]) -> Memory:
    """What beta remembers of its own traffic."""
    return members.memory(indexes["beta"])
