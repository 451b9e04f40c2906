"""The whole service in a thread of the test: everything but the process, and the watch when nobody needs it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from tests.service.hostile.harvested import Harvested
from tests.service.hostile.running import until

from stillwatch.act.decide.clock import Clock
from stillwatch.service.home import open_home
from stillwatch.service.running import Service
from stillwatch.service.serving import serving
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of

__all__ = ["Front", "front"]

_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Front:
    """A service that runs, and its home."""

    service: Service
    home: Harvested
    port: int

    def client(self, source: str = "127.0.0.1", token: str | None = None) -> httpx.Client:
        """A client at an address of this machine, with the token for everything or another; none when it is empty."""
        shown = self.home.token if token is None else token
        transport = httpx.HTTPTransport(local_address=source)
        headers = {"x-stillwatch-token": shown} if shown else {}
        return httpx.Client(
            transport=transport, base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=_PATIENCE_S
        )

    def connected(self, source: str = "127.0.0.1") -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE_S, source_address=(source, 0))


@contextmanager
def front(home: Harvested, clock: Clock | None = None) -> Iterator[Front]:
    """Serve for the block, once the streams of the last tick are known."""
    with (
        open_home(home.settings) as opened,
        serving(opened, clock, watches=False) as (service, app),
    ):
        server = server_of(app, Listen("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, name="front")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive(), "the server starts")
            until(lambda: service.facts.health().n_streams > 0, "it knows the streams")
            yield Front(service, home, server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
