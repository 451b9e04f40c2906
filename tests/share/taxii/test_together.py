"""Publications that share a transaction: all of those that wait, none at another's cost."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.share.hub import PLENTY, admit, indicator

from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Quotas
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.publishing import Publication
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.together import Together

WAITING = 12


def publication(store: Store, member: Member, n: int, **more: Any) -> Publication:
    """One object of that number."""
    return Publication(member, "c", [prepare(indicator(n, **more), admit)], Quotas(store.engine, PLENTY))


def test_those_who_wait_are_written_at_once_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    """While one writes twelve wait; they are one transaction, and the one that fails fails alone."""

    def unlucky(kind: str, actor: str, document: Any, connection: Connection) -> None:
        if document.get("object", {}).get("name") == "unlucky":
            raise RuntimeError(kind, actor, str(connection.in_transaction()))

    store = Store(tmp_path / "forum.db", unlucky)
    member = Member(Roster(store.engine).add_member("one")[0], Role.MEMBER)
    sizes: list[int] = []
    entered, go_on = threading.Event(), threading.Event()

    def write(publications: Sequence[Publication]) -> list[dict[str, Any]]:
        sizes.append(len(publications))
        if not entered.is_set():
            entered.set()
            go_on.wait(10)
        return store._write(publications)

    together = Together(write, threading.Lock())
    outcomes: dict[int, str] = {}

    def publish(n: int) -> None:
        try:
            more = {"name": "unlucky"} if n == 5 else {}
            status = together.publish(publication(store, member, n, **more))
            outcomes[n] = status["successes"][0]["id"]
        except RuntimeError:
            outcomes[n] = "failed"

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(WAITING + 1)]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(together._queue) < WAITING:
        threads[1].join(0.01)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert sizes == [1, WAITING] + [1] * WAITING
    assert outcomes == {n: "failed" if n == 5 else indicator(n)["id"] for n in range(WAITING + 1)}
    assert len(store.page("c", Filters()).records) == WAITING
    store.close()


def test_what_fails_alone_is_raised_to_who_asked(tmp_path: Path) -> None:
    """And the next one finds no trace of it."""
    store = Store(tmp_path / "forum.db")
    member = Member(Roster(store.engine).add_member("one")[0], Role.MEMBER)
    failures = iter([ValueError("once")])

    def write(publications: Sequence[Publication]) -> list[dict[str, Any]]:
        for wrong in failures:
            raise wrong
        return store._write(publications)

    together = Together(write, threading.Lock())
    with pytest.raises(ValueError, match="once"):
        together.publish(publication(store, member, 1))
    assert together.publish(publication(store, member, 1))["success_count"] == 1
    store.close()
