"""PostgreSQL behind the whole service hangs, then refuses, then is there again: a forwarder in between is the cable."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from tests.databases import SERVER, database_url
from tests.service.collect.rows import exchange, ndjson
from tests.service.hostile.asking import ask, throttled
from tests.service.hostile.front import front
from tests.service.hostile.harvested import SLOWS, Harvested, put_in_force, run, tokened
from tests.service.hostile.running import until

from stillwatch.service.home import open_home

AWAY_S = 6.0
_PART_BYTES = 65_536


class Cable:
    """Passes bytes on between a port of its own and a server; it can hold them, or be cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._passes, self._is_cut, self._ends = threading.Event(), False, False
        self._passes.set()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing comes through for the block, and nobody is told."""
        self._passes.clear()
        try:
            yield
        finally:
            self._passes.set()

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Connections end, and new ones do."""
        self._is_cut = True
        self._close()
        try:
            yield
        finally:
            self._is_cut = False

    def end(self) -> None:
        """Take it away."""
        self._ends = True
        self._passes.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._close()
        for thread in self._threads:
            thread.join(10)

    def _close(self) -> None:
        while self._open:
            one = self._open.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while not self._ends:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                self._threads.append(threading.Thread(target=self._pass_on, args=(one, other), daemon=True))
                self._threads[-1].start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := one.recv(_PART_BYTES):
                self._passes.wait()
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)


@pytest.fixture
def wired(template: Harvested, tmp_path: Path) -> Iterator[tuple[Harvested, Cable]]:
    """A home whose database is an empty one of the server, with the policy in force, and its cable."""
    with database_url("postgresql", tmp_path) as told:
        url = make_url(told)
        cable = Cable(url.host or "127.0.0.1", url.port or 5432)
        home = template.copied(tmp_path / "home")
        behind = url.set(host="127.0.0.1", port=cable.port).render_as_string(hide_password=False)
        text = home.toml.read_text().replace("[watch]", f'database = "{behind}"\n[watch]')
        home.toml.write_text(text)
        with open_home(home.settings, is_first=True) as opened:
            put_in_force(opened, SLOWS)
        try:
            yield tokened(home), cable
        finally:
            cable.end()


@pytest.mark.skipif(not SERVER, reason="STILLWATCH_TEST_POSTGRESQL is not set")
@pytest.mark.parametrize("how", ["held", "cut"])
def test_away_and_back(wired: tuple[Harvested, Cable], how: str) -> None:
    """As with SQLite: collecting and deciding go on, tokens are taken; what waited is on record afterwards."""
    home, cable = wired
    with front(home) as opened, opened.client() as client:
        before = throttled(client, home, 0)
        with getattr(cable, how)():
            assert ask(client, home, 0)["decision_id"] == before["decision_id"]
            assert ask(client, home, 1)["action"] == "observe"
            start, n = time.monotonic(), 0
            while time.monotonic() - start < AWAY_S:
                ask(client, home, n % 2)
                assert client.post("/v1/exchanges", content=ndjson([exchange(f"away-{n}")])).status_code == 200
                n += 1
            assert ask(client, home, 0)["action"] == "observe"
            ready = client.get("/health/ready")
            assert (ready.status_code, "policy" in ready.json()["degraded"] or how == "held") == (200, True)
        until(lambda: ask(client, home, 0)["decision_id"] == before["decision_id"], "what was in force is again")
        throttled(client, home, 1)
        until(lambda: opened.service.health().problems.keys() <= {"watch"}, "nothing else is wrong")
    assert run("audit", "verify", at=home).startswith("good:")
