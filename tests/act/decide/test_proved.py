"""After a restart only what is proved to be on record counts: a row that was written in is not enforced."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tests.act.decide.made import KEYS, World, facts, rule, world

from stillwatch.act.decide.proved import proved_alarms, proved_decisions
from stillwatch.act.decide.radius import Alarm
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.act.policy.limits import Limits
from stillwatch.ledger.tables import ABOUT, DOCUMENTS
from stillwatch.model.decision import Action, WindowFacts


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """Two streams are throttled."""
    with world(tmp_path) as made:
        for account in ("a-1", "a-2"):
            made.ask(account)
        made.settle()
        yield made


def _forged(connection: Connection) -> None:
    """A decision that was never made: the row of another with other names, as somebody would write it."""
    row = dict(connection.execute(select(DECISIONS).where(DECISIONS.c.account_id == "a-1")).mappings().one())
    made_up = {"decision_id": "11111111-1111-4111-8111-111111111111", "account_id": "victim", "action": "block"}
    connection.execute(insert(DECISIONS).values(row | made_up))


def _with_an_entry(connection: Connection) -> None:
    """The same, and the ledger's own lists say that an entry is about it."""
    _forged(connection)
    connection.execute(update(ABOUT).values(about="11111111-1111-4111-8111-111111111111"))


def _ended(connection: Connection) -> None:
    """Both were ended on record, and the rows say no more that they were."""
    connection.execute(update(DECISIONS).values(ended_at=None, ended_why=None))


FORGED: dict[str, tuple[Callable[[Connection], object], int, int]] = {
    "a decision": (_forged, 2, 1),
    "a decision and a list": (_with_an_entry, 0, 3),
    "a harsher action": (lambda c: c.execute(update(DECISIONS).values(action="suspend_stream")), 0, 2),
    "a longer time": (lambda c: c.execute(update(DECISIONS).values(expires_at="2099-01-01T00:00:00.000000Z")), 0, 2),
    "another account": (
        lambda c: c.execute(update(DECISIONS).where(DECISIONS.c.account_id == "a-1").values(account_id="victim")),
        1,
        1,
    ),
    "a document beside it": (
        lambda c: c.execute(update(DOCUMENTS).values(document={"event": "decided", "account_id": "victim"})),
        0,
        2,
    ),
    "documents that were forgotten": (lambda c: c.execute(delete(DOCUMENTS)), 0, 2),
    "nothing": (lambda _: None, 2, 0),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_row_is_not_enforced(made: World, what: str) -> None:
    """It is counted, the health tells, and the others hold as before."""
    change, n_good, n_wrong = FORGED[what]
    with made.engine.begin() as connection:
        change(connection)
        found, n_left = proved_decisions(connection, KEYS)
    assert (len(found), n_left) == (n_good, n_wrong)
    made.restart()
    assert len(made.memory) == n_good
    problems = made.decider.health().problems
    if n_wrong:
        (problem,) = problems
        assert f"{n_wrong} decisions and 0 alarms of the database are not on record as they stand" in problem
    else:
        assert problems == ()
    assert made.ask("a-2").action is Action.THROTTLE
    assert {one.account_id for one, _ in found} <= {"a-1", "a-2"}


def test_an_end_that_is_taken_back_stays_an_end(tmp_path: Path) -> None:
    """What an appeal has ended is not in force again because a row says so."""
    with world(tmp_path) as made:
        made.ask()
        made.told.otherwise = facts(cleared=True)
        made.ask()
        made.settle()
        with made.engine.begin() as connection:
            _ended(connection)
        made.restart()
        assert len(made.memory) == 0
        assert "1 decisions" in made.decider.health().problems[0]


def test_another_link_in_a_reason_is_put_right(made: World) -> None:
    """The document has no link, so that the row's could be anybody's."""
    before = made.ask()
    with made.engine.begin() as connection:
        connection.execute(update(DECISIONS).values(reason="Look at https://elsewhere.example/appeal/1"))
    made.restart()
    assert made.ask() == before


def test_a_forged_alarm_stops_no_policy(tmp_path: Path) -> None:
    """One that was raised counts, one that was written in does not."""
    with world(tmp_path, rule("stop", Action.BLOCK), limits=Limits()) as made:
        made.told.otherwise = replace(facts(), window=WindowFacts(30_000, 5_000, 1_000))
        made.ask()
        made.settle()
        with made.engine.begin() as connection:
            (raised,) = connection.execute(select(ALARMS)).mappings().all()
            connection.execute(insert(ALARMS).values({**raised, "policy_version": "v2"}))
            found, n_left = proved_alarms(connection, KEYS)
        assert ([(one.policy_version, one.what) for one in found], n_left) == ([("v1", "traffic")], 1)
        made.restart()
        assert isinstance(made.decider.health().alarm, Alarm)
        assert made.decider._radius.alarm("v2", None) is None
        assert "0 decisions and 1 alarms" in made.decider.health().problems[0]
