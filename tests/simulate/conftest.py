"""Two small runs that all tests of this room read."""

import numpy as np
import pytest
from tests.simulate.tables import EXCHANGES, SCALE, SEED, Run, read_run

from stillwatch.simulate import simulate
from stillwatch.simulate.world import World, make_world


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every population and the campaigns that are planted unasked, 30,000 exchanges, built-in grammar."""
    return read_run(simulate(tmp_path_factory.mktemp("simulated") / "run", exchanges=EXCHANGES, seed=SEED))


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every population, campaign and evasion at 1/400 of the full size, built-in grammar."""
    return read_run(simulate(tmp_path_factory.mktemp("scaled") / "run", scale=SCALE, seed=SEED))


@pytest.fixture(scope="session")
def world() -> World:
    """A world nobody lives in yet."""
    return make_world(3, 2_000, 14.0, 0.0, None)


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded random numbers."""
    return np.random.default_rng(11)
