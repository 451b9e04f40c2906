"""Fronts behind real HTTP, a real Redis, and the writer behind it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from tests.service.collect.redis_server import BINARY, FORGETS, Server, running, until
from tests.service.collect.rows import SALT, exchange, ndjson, stored

from stillwatch.errors import InvalidInput
from stillwatch.service.collect.collector import CollectorOptions, journal_in
from stillwatch.service.collect.front import front_app, front_running
from stillwatch.service.collect.redis_source import drain_running
from stillwatch.service.metrics import PrometheusMetrics
from stillwatch.web.listen import Listen
from stillwatch.web.problem import Problem
from stillwatch.web.server import server_of

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")


async def admits(headers: Mapping[str, str], _source: str) -> None:
    """One token is right."""
    if headers.get("authorization") != "Bearer right":
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed", {"WWW-Authenticate": "Bearer"})


@contextmanager
def fronted(server: Server) -> Iterator[httpx.Client]:
    """A client of a front that serves for the block."""
    metrics = PrometheusMetrics()
    with front_running(server.url, CollectorOptions(SALT, metrics=metrics), metrics) as front:
        serves = server_of(front_app(front, admits, admits), Listen("127.0.0.1", 0))
        thread = threading.Thread(target=serves.run)
        thread.start()
        try:
            until(lambda: serves.started)
            url = f"http://127.0.0.1:{serves.servers[0].sockets[0].getsockname()[1]}"
            with httpx.Client(
                base_url=url, headers={"Authorization": "Bearer right"}, timeout=60, trust_env=False
            ) as client:
                yield client
        finally:
            serves.should_exit = True
            thread.join()


def test_two_fronts_and_one_journal(tmp_path: Path) -> None:
    """What two fronts answered 200 is in the journal once, also what was sent to both."""
    with running(tmp_path / "redis") as server, fronted(server) as one, fronted(server) as two:
        for i in range(4):
            for client in (one, two):
                told = client.post("/v1/exchanges", content=ndjson([exchange("both"), exchange(f"{i}")]) + b"{broken\n")
                assert told.status_code == 200
                counts = {
                    name: told.json()[name] for name in ("received", "accepted", "quarantined", "durable", "final")
                }
                assert counts == {"received": 3, "accepted": 2, "quarantined": 1, "durable": True, "final": False}
        with journal_in(tmp_path, CollectorOptions(SALT)) as journal, drain_running(server.url, journal, SALT):
            until(server.is_empty)
    assert sorted(stored(tmp_path)) == ["0", "1", "2", "3", "both"]


def test_what_a_front_tells(tmp_path: Path) -> None:
    """Without a flush senders get 202, anybody hears that Redis is degraded, and who may read it hears why."""
    with running(tmp_path / "redis", *FORGETS) as server, fronted(server) as client:
        told = client.post("/v1/exchanges", content=ndjson([exchange("a")]))
        assert (told.status_code, told.json()["durable"]) == (202, False)
        assert client.get("/health/ready").json() == {"status": "ready", "degraded": ["redis"]}
        status = client.get("/v1/status").json()
        assert (status["takes"], status["durable"]) == (True, False)
        assert status["problems"]["redis"][0].startswith("Redis keeps nothing when it stops")
        assert "stillwatch_collect_requests_total{" in client.get("/metrics").text
        server.stop()
        until(lambda: client.get("/health/ready").status_code == 503)
        gone = client.post("/v1/exchanges", content=ndjson([exchange("b")]))
        assert (gone.status_code, gone.headers["Retry-After"]) == (503, "2")


def test_whoever_has_no_token(tmp_path: Path) -> None:
    """Bodies, metrics and status are for tokens; health is for anybody."""
    with running(tmp_path / "redis") as server, fronted(server) as client:
        client.headers["Authorization"] = "Bearer wrong"
        answers = [
            client.post("/v1/exchanges", content=ndjson([exchange("a")])),
            client.get("/metrics"),
            client.get("/v1/status"),
        ]
        assert [answer.status_code for answer in answers] == [401] * 3
        assert client.get("/health/live").status_code == 200
        assert server.is_empty()


def test_fronts_of_two_salts(tmp_path: Path) -> None:
    """A front whose salt is another's is not started."""
    metrics = PrometheusMetrics()
    with running(tmp_path / "redis") as server:
        with front_running(server.url, CollectorOptions(SALT), metrics):
            pass
        with (
            pytest.raises(InvalidInput, match="must have one salt"),
            front_running(server.url, CollectorOptions(b"x" * 32), metrics),
        ):
            pass
