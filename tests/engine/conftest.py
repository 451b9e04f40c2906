"""One Spark cluster for all tests that want one, started when the first of them runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.cluster import environment, shared, why_not

from stillwatch.engine.spark_session import open_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a master; this process has a running context there, which engines without a master use."""
    if reason := why_not():
        pytest.skip(reason)
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cluster"
    with shared(folder) as cluster, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        session, _ = open_session(cluster.url)
        yield cluster.url
        session.stop()


@pytest.fixture
def store(spark: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A store that only Hadoop's file systems know, by its URL, and where it lies in truth."""
    assert spark
    folder = Path(os.environ["SPARK_CONF_DIR"]).parent / "store"
    own = tmp_path_factory.mktemp("store").name + str(os.getpid())
    yield f"viewfs://tests/store/{own}", folder / own
    shutil.rmtree(folder / own, ignore_errors=True)
