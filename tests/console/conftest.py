"""A console over a small service: findings with every verdict and hostile text, their cases, a user of each role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from tests.report.examples import example_findings

from stillwatch.console.access.cookies import COOKIE, form_token
from stillwatch.console.access.login import Login
from stillwatch.console.console import Console
from stillwatch.console.door import Door
from stillwatch.console.routes import console_routes
from stillwatch.console.shelf import Shelf
from stillwatch.report import write_findings
from stillwatch.service.access.roles import Role
from stillwatch.service.access.sessions import Lasting, begin_session, digest_of
from stillwatch.service.access.users import Users, user_named
from stillwatch.service.cases import note_findings
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import ServiceSettings
from stillwatch.web.headers import SafeHeaders

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
USERS = {"vera": Role.VIEWER, "ada": Role.ANALYST, "bea": Role.APPROVER, "alma": Role.ADMIN}
"""Name of the user of each role."""


@dataclass
class Browser:
    """Somebody who is logged in, and sends forms as pages hold them.

    token   Of the forms of this session.
    """

    client: TestClient
    name: str
    token: str

    def get(self, path: str) -> Any:
        """A page; redirects are followed."""
        return self.client.get(path)

    def send(self, path: str, **fields: str) -> Any:
        """Send a form as a page of this session holds it; redirects are followed."""
        return self.client.post(path, data={"form": self.token, **fields})


@dataclass
class Rig:
    """A console, and browsers for it."""

    console: Console
    app: Starlette

    @property
    def home(self) -> Home:
        """Home of the service."""
        return self.console.home

    def client(self) -> TestClient:
        """A browser that is not logged in."""
        return TestClient(self.app, base_url="http://testserver", headers={"sec-fetch-site": "same-origin"})

    def as_(self, name: str) -> Browser:
        """A browser in which that user is logged in."""
        client = self.client()
        with self.home.engine.begin() as connection:
            user = user_named(connection, name)
            held = begin_session(connection, user, self.console.clock(), Lasting())
        client.cookies.set(COOKIE, held, path="/console")
        return Browser(client, name, form_token(self.home.secret, digest_of(held)))


def rig_of(home: Home, clock: Callable[[], datetime], **parts: object) -> Rig:
    """A console over a home."""
    console = Console(home=home, shelf=Shelf(home.findings), clock=clock, **parts)  # type: ignore[arg-type]
    door = Door(console)
    app = Starlette(routes=list(console_routes(door, Login(console))), middleware=[Middleware(SafeHeaders)])
    return Rig(console, app)


def settings_of(folder: Path) -> ServiceSettings:
    """Settings of the service in a folder."""
    return replace(ServiceSettings(), folder=folder / "service", provider="Provider One")


@contextmanager
def made_home(folder: Path) -> Iterator[Home]:
    """A service's home with users, findings and their cases."""
    with open_home(settings_of(folder), is_first=True) as opened:
        with opened.engine.begin() as connection:
            users = Users(connection, opened.trail, "alma", NOW)
            for name, role in USERS.items():
                users.add(name, frozenset({role}), f"a long password of {name}")
        write_findings(example_findings(), opened.findings)
        note_findings(opened.engine, opened.trail, opened.findings, NOW)
        yield opened


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home that tests copy: its users' passwords are hashed once, its findings drawn once."""
    folder = tmp_path_factory.mktemp("template")
    with made_home(folder):
        pass
    return folder


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Home]:
    """A home of one test."""
    copytree(template / "service", tmp_path / "service")
    with open_home(settings_of(tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A console of all tests of a module, which only look at it."""
    folder = tmp_path_factory.mktemp("standing")
    copytree(template / "service", folder / "service")
    with open_home(settings_of(folder)) as opened:
        yield rig_of(opened, lambda: NOW)


@pytest.fixture
def rig(home: Home) -> Rig:
    """A console whose clock stands at noon of one day."""
    return rig_of(home, lambda: NOW)
