"""A harvest that was found, made once; a process that starts services; a service that many tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.hostile.front import Front, front
from tests.service.hostile.harvested import Harvested, harvested
from tests.service.hostile.running import Launcher, Process, launcher


@pytest.fixture(scope="package")
def salt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The installation's salt, here and in processes."""
    file = tmp_path_factory.mktemp("salt") / "salt"
    file.write_bytes(b"salt of the hostile tests, 32 long")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STILLWATCH_SALT", str(file))
        yield file


@pytest.fixture(scope="package")
def template(salt: Path) -> Harvested:
    """A home to be copied; nothing is served out of it."""
    return harvested(salt.parent / "template")


@pytest.fixture
def home(template: Harvested, tmp_path: Path) -> Harvested:
    """One of the test's own."""
    return template.copied(tmp_path)


@pytest.fixture(scope="package")
def services(salt: Path) -> Iterator[Launcher]:
    """Starts services as processes."""
    with launcher(salt.parent, salt) as started:
        yield started


@pytest.fixture(scope="package")
def shared(template: Harvested, salt: Path) -> Iterator[Front]:
    """A service that lasts for all tests which leave it as it was; each comes from an address of its own."""
    with front(template.copied(salt.parent / "shared")) as opened:
        yield opened


@pytest.fixture(scope="package")
def process(template: Harvested, services: Launcher, salt: Path) -> Iterator[Process]:
    """A service as a process, with a log of all requests; for tests that leave it as it was."""
    with services.running(template.copied(salt.parent / "process"), "--log-requests") as started:
        yield started
