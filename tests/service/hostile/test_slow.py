"""Connections that say nothing, little, or too slowly, at the port of the service as a process."""

import selectors
import socket
import time
from contextlib import ExitStack

from tests.service.collect.rows import exchange, ndjson
from tests.service.hostile.asking import QUICK_S, ask, throttled
from tests.service.hostile.running import Process

N_IDLE = 1000
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
WAIT_S = 120.0


def posting(process: Process, path: str, *more: bytes) -> bytes:
    """Head of a request whose body is announced and does not come."""
    token = f"x-stillwatch-token: {process.home.token}\r\n".encode()
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n%s%s\r\n{" % (path.encode(), token, b"".join(more))


class Dripping:
    """Connections on which a byte is sent now and then until the service ends them."""

    def __init__(self) -> None:
        self.told: dict[str, bytes] = {}
        self._selector = selectors.DefaultSelector()

    def add(self, name: str, connection: socket.socket) -> None:
        """Take a connection."""
        connection.setblocking(False)
        self.told[name] = b""
        self._selector.register(connection, selectors.EVENT_READ, name)

    def until_ended(self) -> None:
        """Drip until each of them is closed by the other side."""
        end = time.monotonic() + WAIT_S
        while self._selector.get_map():
            assert time.monotonic() < end, sorted(key.data for key in self._selector.get_map().values())
            for key, _ in self._selector.select(0.5):
                self._hear(key.fileobj, key.data)  # type: ignore[arg-type]
            for key in list(self._selector.get_map().values()):
                self._drip(key.fileobj)  # type: ignore[arg-type]
        self._selector.close()

    def _hear(self, connection: socket.socket, name: str) -> None:
        try:
            part = connection.recv(65_536)
        except OSError:
            part = b""
        self.told[name] += part
        if not part:
            self._selector.unregister(connection)

    def _drip(self, connection: socket.socket) -> None:
        try:
            connection.send(b"a")
        except OSError:
            return  # heard at the next look


def test_whoever_is_slow_is_cut_off_and_delays_nobody(process: Process) -> None:
    """A thousand idle connections, dripping heads and bodies: decisions and exchanges go on; all are ended."""
    home, dripping = process.home, Dripping()
    bodies = {
        "exchanges": posting(process, "/v1/exchanges"),
        "traces": posting(process, "/v1/traces", b"Content-Type: application/json\r\n"),
        "decide": posting(process, "/v1/decide"),
        "authzen": posting(process, "/access/v1/evaluation"),
        "nginx": posting(process, "/v1/nginx"),
    }
    with ExitStack() as held, process.client() as client:
        before = throttled(client, home, 0)

        def connected() -> socket.socket:
            return held.enter_context(socket.create_connection(("127.0.0.1", process.port), timeout=WAIT_S))

        idle = [connected() for _ in range(N_IDLE)]
        for name, said in {"head": b"GET /health/live HTTP/1.1\r\nx-a: ", "line": b"GE", **bodies}.items():
            connection = connected()
            connection.sendall(said)
            dripping.add(name, connection)
        start = time.monotonic()
        for n in range(20):
            assert ask(client, home, 0)["decision_id"] == before["decision_id"]
            assert client.post("/v1/exchanges", content=ndjson([exchange(f"slow-{n}")])).status_code == 200
        assert time.monotonic() - start < 20 * QUICK_S
        dripping.until_ended()
        for connection in idle:
            assert connection.recv(1) == b""
    assert {name: told[9:12] for name, told in dripping.told.items() if name in bodies} == {
        "exchanges": b"408",
        "traces": b"408",
        "decide": b"408",
        "authzen": b"408",
        "nginx": b"500",  # what NGINX takes for a fault of ours, so that it serves
    }
    assert {dripping.told[name][9:12] for name in ("head", "line")} <= {b"", b"400"}
