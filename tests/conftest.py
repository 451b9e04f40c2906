"""What all tests share: seeded hypothesis, and the folder of real corpora when there is one."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The first example of a test compiles kernels, which no deadline should count; the examples are the same in every run.
settings.register_profile(
    "house",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of real prompts and traces; without ``STILLWATCH_CORPORA`` the test is skipped."""
    named = os.environ.get("STILLWATCH_CORPORA")
    if not named:
        pytest.skip("STILLWATCH_CORPORA is not set")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"STILLWATCH_CORPORA names no folder: {folder}")
    return folder
