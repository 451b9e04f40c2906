"""The database away from the whole service: it says no, it hangs, somebody holds it; and it comes back."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from tests.service.collect.rows import exchange, ndjson
from tests.service.hostile.asking import QUICK_S, ask, throttled
from tests.service.hostile.front import front
from tests.service.hostile.harvested import Harvested, run
from tests.service.hostile.running import Process, until

AWAY_S = 6.0
"""Longer than a policy is followed unseen (5 s) and than calls look for tokens themselves (5 s)."""


class Away:
    """A switch in front of a database: whatever begins a transaction fails, or waits until it is back."""

    def __init__(self, engine: Engine) -> None:
        self._how, self._back = "", threading.Event()
        event.listen(engine, "begin", self._begins, insert=True)

    def _begins(self, _connection: object) -> None:
        if self._how == "hangs":
            self._back.wait(120)
        elif self._how:
            why = "BEGIN"
            raise OperationalError(why, {}, OSError(self._how))

    @contextmanager
    def for_a_while(self, how: str) -> Iterator[None]:
        """It hangs or refuses for the block."""
        self._back.clear()
        self._how = how
        try:
            yield
        finally:
            self._how = ""
            self._back.set()


def sent(client: httpx.Client, name: str) -> int:
    """Status of an exchange that is sent."""
    return client.post("/v1/exchanges", content=ndjson([exchange(name)])).status_code


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_away_and_back(home: Harvested, how: str) -> None:
    """What is in force goes on, nothing new is done, exchanges and tokens are taken; then all is as before."""
    with front(home) as opened, opened.client() as client:
        before, away = throttled(client, home, 0), Away(opened.service.home.engine)
        with away.for_a_while(how):
            assert ask(client, home, 0)["decision_id"] == before["decision_id"]
            assert ask(client, home, 1)["action"] == "observe"
            start, n = time.monotonic(), 0
            while time.monotonic() - start < AWAY_S:
                ask(client, home, n % 3)
                assert sent(client, f"away-{n}") == 200
                n += 1
            ready = client.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (200, "ready")
            assert {"decide", "policy"} & set(ready.json()["degraded"])
            assert [client.get(path).status_code for path in ("/v1/status", "/metrics")] == [200, 200]
            assert ask(client, home, 0)["action"] == "observe"  # a rollback would not be seen
            stranger = {"x-stillwatch-token": f"sws.{'0' * 16}.{'A' * 43}"}
            assert client.post("/v1/decide", json={"account_id": "a"}, headers=stranger).status_code == 503
        until(lambda: ask(client, home, 0)["decision_id"] == before["decision_id"], "what was in force is again")
        throttled(client, home, 1)
        left = {"watch", "access"}  # nobody watches here, and a stranger was seen
        until(lambda: opened.service.health().problems.keys() <= left, "nothing else is wrong")
    assert run("audit", "verify", at=home).startswith("good:")


def test_pages_wait_for_it_and_nothing_else_does(home: Harvested) -> None:
    """While customers open pages that hang, operators see how it fares; a page says that it cannot be shown."""
    with front(home) as opened, opened.client() as client:
        link = urlsplit(throttled(client, home, 0)["appeal_url"]).path
        away = Away(opened.service.home.engine)
        statuses: list[int] = []

        def opens() -> None:
            with opened.client("127.0.0.50", "") as customer:
                statuses.append(customer.get(link).status_code)

        threads = [threading.Thread(target=opens) for _ in range(60)]
        with away.for_a_while("hangs"):
            for thread in threads:
                thread.start()
            time.sleep(1.0)
            start = time.monotonic()
            assert [client.get(path).status_code for path in ("/v1/status", "/metrics")] == [200, 200]
            assert time.monotonic() - start < QUICK_S
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 503}
        assert 200 in statuses
        with away.for_a_while("refuses"), opened.client("127.0.0.50", "") as customer:
            answer = customer.get(link)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "cannot be shown" in answer.text


def test_somebody_holds_the_lock(process: Process) -> None:
    """While another program writes and does not end, what is in force goes on; what waited is on record afterwards."""
    home, path = process.home, process.home.settings.folder / "service.db"
    with process.client() as client:
        before = throttled(client, home, 0)
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            start = time.monotonic()
            while time.monotonic() - start < 2.0:
                assert ask(client, home, 0)["decision_id"] == before["decision_id"]
                assert ask(client, home, 1)["action"] == "observe"
            assert client.get("/health/ready").json()["status"] == "ready"
            assert sent(client, "locked") == 200
            other.execute("ROLLBACK")
        finally:
            other.close()
        throttled(client, home, 1)
    assert run("audit", "verify", at=home).startswith("good:")
