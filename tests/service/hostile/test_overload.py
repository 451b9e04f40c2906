"""Far more than there is room for, while decisions are asked; a disk that takes nothing more."""

import itertools
import threading
from collections import Counter
from typing import Self

import httpx
from tests.service.collect.rows import exchange, ndjson
from tests.service.hostile.asking import ask, throttled
from tests.service.hostile.running import Process, until

N_SENDERS = 10
N_ASKED = 60
ROWS, ROW_BYTES = 90, 20_000


class Flood:
    """Senders that post large bodies as fast as they are answered, for the block; the statuses are counted."""

    def __init__(self, process: Process) -> None:
        self.statuses: Counter[int] = Counter()
        self.waits: list[int] = []
        self._process, self._ending = process, threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(n,)) for n in range(N_SENDERS)]

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, after the last answers."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _post(self, n: int) -> None:
        body = ndjson(exchange(f"flood-{n}-{i}", prompt_text=f"{n} {i} " + "x" * ROW_BYTES) for i in range(ROWS))
        with self._process.client() as client:
            while not self._ending.is_set():
                try:
                    answer = client.post("/v1/exchanges", content=body)
                except httpx.TransportError:  # sent away while it went on sending
                    continue
                self.statuses[answer.status_code] += 1
                if answer.status_code == 429:
                    self.waits.append(int(answer.headers["retry-after"]))


def test_an_overload_sends_bodies_away_and_no_decision(process: Process) -> None:
    """Bodies beyond the queue are told to come again; every decision is given, and those in force are the same."""
    home = process.home
    with process.client() as client:
        before = throttled(client, home, 0)
        with Flood(process) as flood:
            for n in itertools.count():
                assert ask(client, home, 0)["decision_id"] == before["decision_id"]
                if n > N_ASKED and {200, 429} <= flood.statuses.keys():
                    break
        assert flood.statuses.keys() == {200, 429}
        assert all(wait > 0 for wait in flood.waits)
        until(
            lambda: client.post("/v1/exchanges", content=ndjson([exchange("after")])).status_code == 200, "room again"
        )
        assert client.get("/health/ready").json()["status"] == "ready"


def test_a_full_disk(process: Process) -> None:
    """Senders are told to come again and a balancer to look elsewhere; decisions go on; then all goes on as before."""
    home = process.home
    with process.client() as client:
        before = throttled(client, home, 0)
        process.limit_files(1)
        try:
            refused = client.post("/v1/exchanges", content=ndjson([exchange("full")]))
            assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True)
            assert client.get("/health/ready").status_code == 503
            for _ in range(10):
                assert ask(client, home, 0)["decision_id"] == before["decision_id"]
                assert ask(client, home, 2)["action"] == "observe"
            # Once in a while it tries whether there is room again, and has no problem until it knows.
            assert client.post("/v1/exchanges", content=ndjson([exchange("full")])).status_code == 503
            assert client.get("/v1/status").json()["problems"]["collect"]
        finally:
            process.limit_files(-1)
        until(lambda: client.post("/v1/exchanges", content=ndjson([exchange("full")])).status_code == 200, "room again")
        until(lambda: client.get("/health/ready").status_code == 200, "ready again")
        throttled(client, home, 2)
