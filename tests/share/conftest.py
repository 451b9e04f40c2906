"""A forum for the tests of one file."""

from collections.abc import Iterator

import pytest
from tests.share.hub import Hub, serving


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Forum that answers while the tests of a file run."""
    with serving(tmp_path_factory.mktemp("forum") / "forum.db") as running:
        yield running
