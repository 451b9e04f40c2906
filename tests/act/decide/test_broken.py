"""What breaks beside the hot path: the database is gone, hangs, is full of work; the process is killed."""

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.act.decide.made import KEY, SETTINGS, database, rule, wait_until, world
from tests.act.decide.test_recorder import Gone

from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.policy.policy import Fails
from stillwatch.ledger.audit import audit
from stillwatch.ledger.export import export
from stillwatch.model.decision import Action, Request
from stillwatch.signing.keys import keys_of

SOON = replace(SETTINGS, record_wait_s=0.02)
CHILD = Path(__file__).with_name("crash_child.py")


def test_a_database_that_is_gone_for_a_minute(tmp_path: Path) -> None:
    """What is in force stays in force; nothing new goes beyond observe; afterwards everything is on record."""
    with world(tmp_path, settings=SOON) as made:
        made.decider._settings = SETTINGS
        known = made.ask("known")
        made.decider._settings = SOON
        gone = Gone(made.engine)
        gone.is_gone = True
        for _ in range(6):
            made.hands.pass_time(10)
            assert made.ask("known").decision_id == known.decision_id
            assert made.ask("new").action is Action.OBSERVE
        wait_until(lambda: not made.recorder.is_up)
        answer = made.decider.begin(Request("newer"))
        assert (answer.record, [guard.name for guard in answer.guards]) == (None, ["unrecorded"])
        assert not made.decider.health().is_recording
        assert made.decider.health().problems == ("decisions cannot be recorded: nothing new goes beyond observe",)
        gone.is_gone = False
        wait_until(lambda: made.recorder.n_waiting == 0)
        assert {made.ask(name).action for name in ("known", "new", "newer")} == {Action.THROTTLE}
        with made.engine.begin() as connection:
            accounts = connection.execute(select(DECISIONS.c.account_id)).scalars().all()
        assert sorted(accounts) == ["known", "new", "newer"]
        assert made.decider.health().problems == ()


def test_a_rule_that_fails_closed_acts_all_the_same(tmp_path: Path) -> None:
    """Only that rule, and only while its record can wait: with a full queue even it observes."""
    closed = rule("closed", Action.BLOCK, "stream.bits > 100.0", fails=Fails.CLOSED)
    opened = rule("open", Action.BLOCK)
    with world(tmp_path, closed, opened, settings=SOON, most_waiting=2) as made:
        gone = Gone(made.engine)
        gone.is_gone = True
        made.told.by_account = {name: replace(made.told.otherwise) for name in ("mild",)}
        stream = made.told.otherwise.stream
        assert stream is not None
        made.told.otherwise = replace(made.told.otherwise, stream=replace(stream, bits=200.0))
        assert made.ask("mild").action is Action.OBSERVE
        first = made.ask("strong")
        assert first.action is Action.BLOCK
        assert made.ask("strong") == first
        assert made.ask("stronger").action is Action.OBSERVE
        gone.is_gone = False
        wait_until(lambda: made.recorder.n_waiting == 0)
        assert made.ask("stronger").action is Action.BLOCK


def test_a_database_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """Another process holds it: the first waits its time, soon nobody waits at all; then everything is as ever."""
    with world(tmp_path, settings=SOON) as made:
        holder = database(tmp_path / "service.db")
        with holder.begin() as connection:
            connection.execute(select(DECISIONS))
            assert made.ask().action is Action.OBSERVE
            assert made.decider.health().counts == {"unrecorded": 1, "observe": 1}
            wait_until(lambda: not made.recorder.is_up)
            assert made.decider.begin(Request("a-1")).record is None
        wait_until(lambda: made.recorder.n_waiting == 0)
        assert made.ask().action is Action.THROTTLE
        holder.dispose()


def test_threads_make_one_decision_of_a_stream(tmp_path: Path) -> None:
    """Eight threads ask about forty streams at once: forty records, and everybody is told the same."""
    found: dict[str, set[str]] = {f"a-{n}": set() for n in range(40)}
    with world(tmp_path) as made:

        def ask() -> None:
            for account in random.Random(threading.get_ident()).sample(sorted(found), 40):  # noqa: S311
                found[account].add(made.ask(account).decision_id)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            made.decider.tend()
        for thread in threads:
            thread.join()
        assert {len(ids) for ids in found.values()} == {1}
        with made.engine.begin() as connection:
            assert len(connection.execute(select(DECISIONS.c.decision_id)).all()) == 40


def child(folder: Path, mode: str) -> "subprocess.Popen[str]":
    """A process that decides about one account after the other and prints what it answered."""
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), mode],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def verify(folder: Path) -> dict[str, str]:
    """Decisions on record by account, after the whole ledger was verified."""
    engine = database(folder / "service.db")
    with engine.begin() as connection:
        rows = connection.execute(select(DECISIONS.c.account_id, DECISIONS.c.decision_id)).all()
        export(connection, folder / "ledger.jsonl")
    engine.dispose()
    assert audit(folder / "ledger.jsonl", keys=None).size == len(rows)
    return {row.account_id: row.decision_id for row in rows}


@pytest.mark.parametrize("n_answers", [1, 2, 7, 40])
def test_killed_at_any_time_no_answer_is_without_its_record(tmp_path: Path, n_answers: int) -> None:
    """By signal 9, after some answers: each that went out is on record, and holds after the restart."""
    with child(tmp_path, "loop") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(n_answers)]
        time.sleep(random.Random(n_answers).random() / 50)  # noqa: S311
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
    answered = dict(line.split() for line in lines if line.count(" ") == 1)
    assert len(answered) >= n_answers
    on_record = verify(tmp_path)
    assert {account: on_record.get(account) for account in answered} == answered
    with world(tmp_path) as made:
        assert {account: made.ask(account).decision_id for account in answered} == answered


def test_killed_between_record_and_answer(tmp_path: Path) -> None:
    """The record is there, the answer never went out: the next process gives that very answer."""
    with child(tmp_path, "between") as process:
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert process.returncode == -signal.SIGKILL
    on_record = verify(tmp_path)
    assert list(on_record) == ["a-0"]
    with world(tmp_path) as made:
        assert made.ask("a-0").decision_id == on_record["a-0"]


def test_the_ledger_of_decisions_verifies_under_the_services_key(tmp_path: Path) -> None:
    """All entries and heads, with signatures."""
    with world(tmp_path) as made:
        for n in range(5):
            made.ask(f"a-{n}")
        with made.engine.begin() as connection:
            export(connection, tmp_path / "ledger.jsonl")
    found = audit(tmp_path / "ledger.jsonl", keys=keys_of([KEY.verify_key]))
    assert (found.size, found.is_signed, found.kinds) == (5, True, {"decision": 5})
