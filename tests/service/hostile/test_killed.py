"""The whole service killed while it collects and decides."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from sqlalchemy import select
from tests.service.collect.rows import exchange, ndjson, stored
from tests.service.hostile.harvested import Harvested, run
from tests.service.hostile.running import Launcher, Process, is_gone, until

from stillwatch.act.decide.tables import DECISIONS
from stillwatch.service.home import open_home

LIVES = 4
ROWS = 3
SHELLS = 8
"""Accounts that are asked about: with ten organisations touched the blast radius would begin to count."""


@dataclass
class Outside:
    """A sender that repeats each body until it is answered, and a gateway; both outlive the service.

    names       Exchanges that were sent.
    accepted    Exchanges that were told to be new, over all answers.
    decided     Decisions beyond observe that were answered: id and account.
    wrong       Statuses that say of a failure.
    waiting     Exchanges of the body that was not answered yet.
    """

    names: list[str] = field(default_factory=list)
    accepted: int = 0
    decided: dict[str, str] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def send(self, client: httpx.Client) -> None:
        """One body; the same one again when the last was not answered."""
        if not self.waiting:
            self.waiting = [f"k{len(self.names) + i}" for i in range(ROWS)]
            self.names += self.waiting
        answer = client.post("/v1/exchanges", content=ndjson(map(exchange, self.waiting)))
        if answer.status_code == 200:
            told = answer.json()
            assert told["accepted"] + told["duplicate"] == ROWS
            self.accepted += told["accepted"]
            self.waiting = []
        else:
            self.wrong.append(answer.status_code)

    def ask(self, client: httpx.Client, process: Process, n: int) -> None:
        """About one of the harvest."""
        asked = process.home.asks(n % SHELLS)
        answer = client.post("/v1/decide", json=asked)
        if answer.status_code != 200:
            self.wrong.append(answer.status_code)
        elif (told := answer.json())["action"] == "throttle":
            self.decided[told["decision_id"]] = asked["account_id"]

    @contextmanager
    def at(self, process: Process) -> Iterator[None]:
        """Send and ask for the block; at its end whoever waits for an answer hears that there is none."""
        ending = threading.Event()

        def again(one: Callable[[httpx.Client, int], None]) -> None:
            n = 0
            with process.client() as client:
                while not ending.is_set():
                    try:
                        one(client, n)
                    except httpx.TransportError:
                        time.sleep(0.01)
                    n += 1

        threads = [
            threading.Thread(target=again, args=(lambda client, _: self.send(client),)),
            threading.Thread(target=again, args=(lambda client, n: self.ask(client, process, n),)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ending.set()
            for thread in threads:
                thread.join()


def test_killed_while_it_collects_and_decides(home: Harvested, services: Launcher) -> None:
    """Killed at random points: no acknowledged exchange is lost or there twice, decisions hold, the record is whole."""
    chance, outside = random.Random(3), Outside()  # noqa: S311 - a test's
    for _ in range(LIVES):
        started = services.start(home)
        with outside.at(started):
            started.wait_ready()
            watch = until(started.watch_pid, "the watch has a process")
            n_sent, n_asked = len(outside.names), len(outside.decided)
            until(lambda n=n_sent: len(outside.names) > n + 5 * ROWS, "it collects")  # type: ignore[misc]
            until(lambda n=n_asked: len(outside.decided) >= min(n + 1, SHELLS), "it decides")  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.4))
            started.kill()
        until(lambda pid=watch: is_gone(pid), "the watch dies with the service")  # type: ignore[misc]
    assert outside.decided
    with services.running(home) as started, outside.at(started), started.client() as client:
        in_force = {}
        for n in range(SHELLS):
            told = client.post("/v1/decide", json=home.asks(n)).json()
            in_force[told["decision_id"]] = home.asks(n)["account_id"]
        assert in_force.items() >= outside.decided.items()
    assert outside.wrong == []
    assert outside.waiting == []
    names = stored(home.settings.folder)
    assert sorted(names) == sorted([*home.sent, *outside.names])
    assert outside.accepted <= len(outside.names)
    with open_home(home.settings) as opened, opened.engine.begin() as connection:
        on_record = set(connection.execute(select(DECISIONS.c.decision_id)).scalars())
    assert on_record >= set(outside.decided)
    assert run("audit", "verify", at=home).startswith("good:")


def test_told_to_end_in_the_middle(home: Harvested, services: Launcher) -> None:
    """Told to end while it collects and decides, it ends well: what was answered is there once, nothing else is."""
    outside, started = Outside(), services.start(home)
    started.wait_ready()
    with outside.at(started):
        until(lambda: len(outside.names) > 5 * ROWS, "it collects")
        until(lambda: len(outside.decided) == SHELLS, "it decides")
        started.stop()
    assert "stopped: all that was taken is on the disk" in started.log.read_text()
    assert set(outside.wrong) <= {503}
    names = [name for name in stored(home.settings.folder) if name.startswith("k")]
    answered = [name for name in outside.names if name not in outside.waiting]
    assert sorted(names) in (sorted(answered), sorted(outside.names))
    assert run("audit", "verify", at=home).startswith("good:")
