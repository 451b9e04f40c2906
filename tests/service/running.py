"""The whole service in a thread, on a port of its own: everything but the process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from starlette.applications import Starlette

from stillwatch.act.decide.clock import Clock
from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.service.home import open_home
from stillwatch.service.running import Service
from stillwatch.service.serving import serving
from stillwatch.service.settings import ServiceSettings, WatchSettings
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of

__all__ = ["Running", "running", "settings_in"]

NEVER_S = 86_400.0


@dataclass(frozen=True)
class Running:
    """A service that runs, and a token for everything."""

    service: Service
    app: Starlette
    url: str
    token: str = field(repr=False)

    def client(self, token: str | None = None) -> httpx.Client:
        """A client with a token; without one when it is empty."""
        shown = self.token if token is None else token
        headers = {"x-stillwatch-token": shown} if shown else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30.0)

    def issue(self, name: str, *scopes: Scope) -> str:
        """A token for some things."""
        home = self.service.home
        with home.engine.begin() as connection:
            made = issue_token(connection, home.trail, Issue(name, frozenset(scopes), "bea"), datetime.now(UTC))
        self.service.doorkeeper.refresh()
        return made.text


def settings_in(folder: Path) -> ServiceSettings:
    """Settings of a service whose watch looks once: a tick costs seconds, and few tests need more than one."""
    return ServiceSettings(folder=folder / "service", watch=WatchSettings(every_s=NEVER_S, memory="1GB"))


@contextmanager
def running(settings: ServiceSettings, clock: Clock | None = None) -> Iterator[Running]:
    """A service for the block."""
    with open_home(replace(settings, listen="127.0.0.1:0"), is_first=True) as home, serving(home, clock) as made:
        service, app = made
        server = server_of(app, Listen("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            threading.Event().wait(0.01)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        bare = Running(service, app, url, "")
        try:
            yield replace(bare, token=bare.issue("everything", *Scope))
        finally:
            server.should_exit = True
            thread.join()
