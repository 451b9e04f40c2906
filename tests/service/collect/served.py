"""A collector behind a real server on loopback, in a thread."""

import contextlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

import httpx
from starlette.applications import Starlette
from tests.service.collect.rows import options
from tests.web.serving import running

from stillwatch.service.collect.collector import CollectorOptions, local_collector
from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.routes import collect_routes
from stillwatch.web.listen import Listen
from stillwatch.web.patience import ImpatientProtocol
from stillwatch.web.problem import Problem
from stillwatch.web.server import server_of

TOKEN = "Bearer a-token"  # noqa: S105 - of a test


async def admits(headers: Mapping[str, str], _source: str) -> None:
    """One token is right."""
    if headers.get("authorization") != TOKEN:
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed", {"WWW-Authenticate": "Bearer"})


class Served:
    """Where it listens, a client that is let in, and the journal behind."""

    def __init__(self, port: int, folder: Path, journal: Journal) -> None:
        self.port, self.folder, self.journal = port, folder, journal
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": TOKEN}, timeout=60.0, trust_env=False
        )

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Send a body."""
        return self.client.post(path, content=body, headers={n.replace("_", "-"): v for n, v in headers.items()})

    def settled(self) -> None:
        """Have everything by hour."""
        assert self.journal.settle()


@contextlib.contextmanager
def served(folder: Path, chosen: CollectorOptions | None = None, head_s: float = 10.0) -> Iterator[Served]:
    """Serve for a block."""
    protocol = type("Protocol", (ImpatientProtocol,), {"head_s": head_s})
    with local_collector(folder, chosen or options()) as (collector, journal):
        app = Starlette(routes=collect_routes(collector, admits))
        with running(server_of(app, Listen("127.0.0.1", 0), http=protocol)) as port:
            here = Served(port, folder, journal)
            with here.client:
                yield here
