"""What is in force changes under a service that is asked all the time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Self

import httpx
import pytest
from tests.service.hostile.asking import ask
from tests.service.hostile.front import Front, front
from tests.service.hostile.harvested import BLOCKS, SLOWS, Harvested, put_in_force, run
from tests.service.hostile.running import until

from stillwatch.act.policy.activations import Overtaken, stop
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS

SLOW, BLOCK = (read_policy(text, "made.toml").version for text in (SLOWS, BLOCKS))


class Asking:
    """Asks about one stream again and again, among others; every answer about it is noted."""

    def __init__(self, opened: Front) -> None:
        self.answers: list[tuple[str, str, str]] = []
        self._opened, self._ending = opened, threading.Event()
        self._thread = threading.Thread(target=self._ask, name="asking")

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no more."""
        self._ending.set()
        self._thread.join()

    def _ask(self) -> None:
        with self._opened.client() as client:
            while not self._ending.is_set():
                told = ask(client, self._opened.home, 0)
                self.answers.append((told["action"], told["policy_version"], told["decision_id"]))

    def until_last(self, action: str, version: str) -> None:
        """Wait until this is what is answered, and some more answers."""
        until(lambda: self.answers and self.answers[-1][:2] == (action, version), f"{action} is answered")
        n = len(self.answers)
        until(lambda: len(self.answers) > n + 50, "more answers")


def test_no_answer_of_a_policy_that_was_rolled_back(home: Harvested) -> None:
    """Once the rollback has been seen, no answer comes from the policy before, and the old decision is not revived."""
    with front(home) as opened, Asking(opened) as asking:
        asking.until_last("throttle", SLOW)
        put_in_force(opened.service.home, BLOCKS)
        asking.until_last("block", BLOCK)
        run("policy", "rollback", "--by", "bea", at=home)
        asking.until_last("throttle", SLOW)
        run("policy", "stop", "--by", "bea", at=home)
        asking.until_last("observe", "")
    versions = [version for _, version, _ in asking.answers]
    changes = [one for n, one in enumerate(versions) if n == 0 or versions[n - 1] != one]
    assert changes == [SLOW, BLOCK, SLOW, ""]
    ids = [{one for action, version, one in asking.answers if version == of} for of in (SLOW, BLOCK)]
    assert [len(some) for some in ids] == [2, 1]
    assert run("audit", "verify", at=home).startswith("good:")


def test_two_people_change_it_at_once(home: Harvested) -> None:
    """Of two who saw the same one wins, the other is told; the service follows the winner, and only that."""
    with front(home) as opened, Asking(opened) as asking:
        asking.until_last("throttle", SLOW)
        engine, key = opened.service.home.engine, opened.service.home.key
        with engine.begin() as connection:
            seen = highest(connection, ACTIVATIONS)

        def change(name: str) -> str:
            try:
                with engine.begin() as connection:
                    stop(connection, Signer(key, name, datetime.now(UTC)), seen=seen)
            except Overtaken as error:
                return str(error)
            return name

        with ThreadPoolExecutor(2) as both:
            told = sorted(both.map(change, ("ada", "bea")), key=len)
        assert told[0] in {"ada", "bea"}
        assert f"{told[0]} did stop meanwhile" in told[1]
        asking.until_last("observe", "")


@pytest.mark.parametrize("path", ["/v1/decide", "/v1/status"])
def test_what_is_in_force_is_what_is_told(shared: Front, path: str) -> None:
    """Decisions and status name one version."""
    with shared.client() as client:
        answer = client.post(path, json=shared.home.asks(0)) if path == "/v1/decide" else client.get(path)
    told = answer.raise_for_status().json()
    assert SLOW in (told.get("policy_version"), (told.get("policy") or httpx.QueryParams()).get("version"))
