"""Members' traffic is scanned once; tests of a module share a forum and nodes: these take time to make."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.console.conftest import NOW, USERS, Rig, rig_of
from tests.console.sharing.members import Beside, beside_houses
from tests.report.examples import example_findings
from tests.share.node.members import halves

from stillwatch.report import write_findings
from stillwatch.service.access.users import Users
from stillwatch.service.cases import note_findings
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import ServiceSettings
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.settings import NodeSettings


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A service's home with users, findings and their cases, for all tests of this room."""
    settings = replace(ServiceSettings(), folder=tmp_path_factory.mktemp("home") / "service")
    with open_home(settings, is_first=True) as opened:
        with opened.engine.begin() as connection:
            users = Users(connection, opened.trail, "alma", NOW)
            for name, role in USERS.items():
                users.add(name, frozenset({role}), f"a long password of {name}")
        write_findings(example_findings(), opened.findings)
        note_findings(opened.engine, opened.trail, opened.findings, NOW)
        yield opened


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, LocalIndex], Path]:
    """Indexes of alpha and beta, and where they lie."""
    folder = tmp_path_factory.mktemp("members")
    return halves(folder), folder


@pytest.fixture(scope="module")
def beside(
    home: Home, scanned: tuple[dict[str, LocalIndex], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Beside]:
    """A console beside alpha, the one member of an exchange; no test may rely on what others have not told."""
    with beside_houses(home, scanned, tmp_path_factory.mktemp("exchange"), "alpha") as made:
        yield made


@pytest.fixture(scope="module")
def pair(
    home: Home, scanned: tuple[dict[str, LocalIndex], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Beside]:
    """The same with beta, to whom alpha has told its harvest; beta has answered."""
    with beside_houses(home, scanned, tmp_path_factory.mktemp("exchange"), "alpha", "beta") as made:
        made.told = made.house.publish()
        made.houses["beta"].read()
        made.house.read()
        yield made


@pytest.fixture
def rig(home: Home) -> Rig:
    """A console of a provider that is no member."""
    return rig_of(home, lambda: NOW)


@pytest.fixture
def idle(home: Home, tmp_path: Path) -> Rig:
    """A console beside a node that has never run."""
    nobody: tuple[()] = ()
    node = NodeSettings("http://127.0.0.1:9", "campaigns", tmp_path, tmp_path, tmp_path / "node", nobody)  # type: ignore[arg-type]
    return rig_of(home, lambda: NOW, node=node)
