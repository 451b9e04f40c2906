"""Members' traffic is scanned once; each test has a forum and nodes of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.partner.nodes import Members, bands_of_logs, members
from tests.share.node.members import halves

from stillwatch.service.partner.words import Bands
from stillwatch.share.node.local import LocalIndex


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, LocalIndex], Path]:
    """Indexes of alpha and beta, and beta's logs."""
    folder = tmp_path_factory.mktemp("members")
    return halves(folder), folder / "beta" / "logs"


@pytest.fixture(scope="session")
def logs(scanned: tuple[dict[str, LocalIndex], Path]) -> Path:
    """Beta's logs."""
    return scanned[1]


@pytest.fixture(scope="session")
def bands(logs: Path) -> Bands:
    """Templates as beta's scan cuts them."""
    return bands_of_logs(logs)


@pytest.fixture
def nodes(scanned: tuple[dict[str, LocalIndex], Path], tmp_path: Path) -> Iterator[Members]:
    """Three nodes at a forum of their own."""
    with members(tmp_path, scanned[0]) as running:
        yield running
