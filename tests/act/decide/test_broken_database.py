"""All that decides reads and writes one database, and it hangs or is gone: PostgreSQL, and SQLite held by a process."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url
from tests.act.decide.made import KEY, KEYS, SETTINGS, Told, appeal_url, database, facts, wait_until
from tests.act.decide.relay import relay
from tests.act.decide.test_rollback import MILD, Office
from tests.databases import database_url

from stillwatch.act.appeals.standing import Standing
from stillwatch.act.audit.verify import verify
from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.source import People
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.decide.tending import Tending
from stillwatch.act.policy.follow import InForce
from stillwatch.model.decision import Action, Decision, Request
from stillwatch.store.database import reading

SOON: Final = replace(SETTINGS, record_wait_s=0.05)
LOCKS: Final = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
held.execute("ROLLBACK")
held.close()
"""
Kind = Callable[[Path, str], AbstractContextManager["Line"]]


@dataclass
class Line:
    """A database, and how it breaks and comes back."""

    url: str
    break_: Callable[[], None]
    mend: Callable[[], None]


@contextmanager
def postgresql(folder: Path, how: str) -> Iterator[Line]:
    """Behind a line that hangs or breaks."""
    with database_url("postgresql", folder) as url:
        told = make_url(url)
        with relay(told.host or "127.0.0.1", told.port or 5432) as line:
            near = told.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
            yield Line(near, line.hang if how == "hangs" else line.go, line.return_)


@contextmanager
def sqlite(folder: Path, _how: str) -> Iterator[Line]:
    """A file that another process holds to write."""
    path = folder / "service.db"
    with ExitStack() as held:
        holders: list[subprocess.Popen[str]] = []

        def hold() -> None:
            command = (sys.executable, "-c", LOCKS, str(path))
            holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            holders.append(held.enter_context(holder))
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"

        def let_go() -> None:
            holders[-1].communicate()

        yield Line(f"sqlite:///{path}", hold, let_go)


@dataclass
class Service:
    """What decides, as a service puts it together."""

    decider: Decider
    in_force: InForce
    recorder: Recorder
    work: Callable[[Callable[[Connection], object]], None]

    def ask(self, account: str) -> Decision:
        """Decide in a thread of its own: one that waited for the database would not be done in a minute."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self.decider.decide, Request(account)).result(60)


@contextmanager
def service(url: str) -> Iterator[Service]:
    """With a policy in force, everything looked at often."""
    engine = database(url)
    with ExitStack() as held:
        held.callback(engine.dispose)

        def work(do: Callable[[Connection], object]) -> None:
            with engine.begin() as connection:
                do(connection)

        Office(work).put_in_force(MILD)
        in_force = InForce(engine, KEYS, most_age_s=1.0)
        in_force.refresh()
        stop = threading.Event()
        thread = threading.Thread(target=in_force.follow, args=(stop, 0.02))
        thread.start()
        held.callback(thread.join)
        held.callback(stop.set)
        standing = Standing(engine)
        people = People(cleared=standing.cleared, overdue=standing.overdue, appeal_url=appeal_url)
        recorder = held.enter_context(Recorder(engine, KEY))
        decider = Decider(Told(otherwise=facts()), in_force, DecisionMemory(recorder), SOON, people)
        held.enter_context(Tending(decider, 0.02))
        yield Service(decider, in_force, recorder, work)


@pytest.mark.parametrize(
    ("kind", "how"), [(postgresql, "hangs"), (postgresql, "is gone"), (sqlite, "is held by another process")]
)
def test_nobody_waits_nothing_new_is_done_and_it_comes_back_by_itself(tmp_path: Path, kind: Kind, how: str) -> None:
    """What is on record holds while the policy can be seen; then all is observed; mended, all is as before."""
    with kind(tmp_path, how) as line, service(line.url) as made:
        wait_until(lambda: made.ask("known").action is Action.THROTTLE)
        known = made.ask("known")
        line.break_()
        assert {made.ask(f"new-{n}").action for n in range(20)} == {Action.OBSERVE}
        wait_until(lambda: not made.recorder.is_up)
        assert "decisions cannot be recorded: nothing new goes beyond observe" in made.decider.health().problems
        answer = made.decider.begin(Request("newer"))
        assert (answer.record, answer.decision.action) == (None, Action.OBSERVE)
        if kind is postgresql:
            wait_until(lambda: made.in_force() is None)
            assert made.ask("known").action is Action.OBSERVE
        else:  # it can be read
            assert made.ask("known").decision_id == known.decision_id
        line.mend()
        wait_until(lambda: made.ask("known").decision_id == known.decision_id)
        wait_until(lambda: {made.ask(f"new-{n}").action for n in range(20)} == {Action.THROTTLE})
        wait_until(lambda: made.recorder.n_waiting == 0 and made.decider.health().problems == ())
        made.work(lambda connection: _each_once(connection, 20))


def _each_once(connection: Connection, n: int) -> None:
    accounts = connection.execute(select(DECISIONS.c.account_id)).scalars().all()
    assert len(accounts) == len(set(accounts))
    assert set(accounts) - {"newer"} == {"known", *(f"new-{i}" for i in range(n))}  # it may have been decided in vain
    assert verify(connection, keys=KEYS).n_decisions == len(accounts)


def test_a_line_that_is_dead_is_noticed(tmp_path: Path) -> None:
    """The system is told to look after it, unless the URL says otherwise."""
    with database_url("postgresql", tmp_path) as url:
        told = make_url(url).update_query_dict({"keepalives_idle": "77"})
        engine = database(told.render_as_string(hide_password=False))
        with reading(engine).begin() as connection:
            line = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
        engine.dispose()
    assert (line["tcp_user_timeout"], line["keepalives_count"], line["keepalives_idle"]) == ("10000", "2", "77")
