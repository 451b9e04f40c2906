"""The application of a service behind a real server on a free port of this machine, for a block."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import ASGIApp

from stillwatch.errors import EngineUnavailable
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of

__all__ = ["bound", "running"]

_HOST: Final = "127.0.0.1"
_STARTS_IN_S: Final = 60.0
_ENDS_IN_S: Final = 30.0


@contextmanager
def bound() -> Iterator[socket.socket]:
    """A socket on a port that nobody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as place:
        place.bind((_HOST, 0))
        yield place


@contextmanager
def running(app: ASGIApp, place: socket.socket) -> Iterator[int]:
    """Serve on a socket in a thread; the port.

    Raises  EngineUnavailable when the server does not start.
    """
    port = int(place.getsockname()[1])
    server = server_of(app, Listen(_HOST, port))
    thread = threading.Thread(target=server.run, args=([place],), name="stillwatch-rehearsal", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _STARTS_IN_S
        while not server.started:
            if time.monotonic() > until or not thread.is_alive():
                message = f"the service did not start on {_HOST}:{port}"
                raise EngineUnavailable(message)
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(_ENDS_IN_S)
