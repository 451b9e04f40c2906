"""Records: durable in order, each once, refused when the queue is full, kept while the database is gone."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError
from tests.act.decide.made import KEY, NOW, database, wait_until

from stillwatch.act.decide import recorder as recorder_module
from stillwatch.act.decide.radius import Alarm
from stillwatch.act.decide.recorder import ACTOR, Recorder
from stillwatch.act.decide.records import (
    Change,
    Decided,
    End,
    Ended,
    Record,
    alarms_raised,
    change_of,
    file_new,
    open_decisions,
)
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.errors import FailedProof
from stillwatch.ledger.book import entry_at, opening_of, sign_head
from stillwatch.ledger.entry import is_of
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.tables import ENTRIES, HEADS
from stillwatch.model.decision import Action, Decision
from stillwatch.signing.keys import keys_of

STREAM = Stream("c-1", "a-1")


def decision(number: int, action: Action = Action.THROTTLE) -> Decision:
    """The n-th decision."""
    return Decision(action, f"id-{number}", "", "slow", "v1", NOW, NOW, "r", "c-1", 6.0)


def decided(number: int) -> Decided:
    """That the n-th was made."""
    return Decided(STREAM, decision(number), None)


class Gone:
    """Makes a database fail for as long as it is said to be gone."""

    def __init__(self, engine: Engine) -> None:
        self.is_gone = False
        self.n_tries = 0

        @event.listens_for(engine, "begin", insert=True)
        def begin(_connection: object) -> None:
            self.n_tries += 1
            if self.is_gone:
                statement = "BEGIN"
                raise OperationalError(statement, None, OSError())


def test_what_is_done_is_durable(tmp_path: Path) -> None:
    """Two thousand records: all in the ledger in order, under a signed head, and in the table."""
    engine = database(tmp_path / "a.db")
    with Recorder(engine, KEY) as recorder:
        done = [recorder.submit(decided(n)) for n in range(2000)]
        found = done[-1]
        assert found is not None
        found.result(30)
        with engine.begin() as connection:
            assert connection.execute(select(func.count()).select_from(ENTRIES)).scalar() == 2000
            assert len(open_decisions(connection)) == 2000
            head = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(1)).scalar()
            opening = opening_of(connection, 7)
            assert opening is not None
            assert is_of(entry_at(connection, 7), opening)
            assert (entry_at(connection, 7).actor, opening.document["decision_id"]) == (ACTOR, "id-7")
        assert head is not None
        assert verify_head(head, keys_of([KEY.verify_key])).size == 2000
    assert recorder.n_written == 2000
    engine.dispose()


def test_the_ledger_shows_no_account(tmp_path: Path) -> None:
    """An entry holds a commitment; account and campaign stand in the document beside it, which can be forgotten."""
    engine = database(tmp_path / "a.db")
    with Recorder(engine, KEY) as recorder:
        recorder.submit(decided(1))
    with engine.begin() as connection:
        told = str(entry_at(connection, 0).told())
    assert "a-1" not in told
    assert "c-1" not in told
    engine.dispose()


def test_a_full_queue_takes_nothing_and_nobody_waits(tmp_path: Path) -> None:
    """Nothing runs that would empty it; the eleventh is not taken, and counted."""
    engine = database(tmp_path / "a.db")
    recorder = Recorder(engine, KEY, most=10)
    taken = [recorder.submit(decided(n)) is not None for n in range(11)]
    assert taken == [True] * 10 + [False]
    assert recorder.n_refused == 1
    recorder.start()
    recorder.close()
    assert recorder.n_written == 10
    engine.dispose()


def test_a_database_that_comes_back_gets_everything_once(tmp_path: Path) -> None:
    """Tried again until it answers; nothing is lost, nothing stands twice."""
    engine = database(tmp_path / "a.db")
    gone = Gone(engine)
    with Recorder(engine, KEY) as recorder:
        gone.is_gone = True
        done = [recorder.submit(decided(n)) for n in range(5)]
        wait_until(lambda: gone.n_tries >= 2 and not recorder.is_up)
        assert not any(one is None or one.done() for one in done)
        gone.is_gone = False
        for one in done:
            assert one is not None
            one.result(30)
        assert recorder.is_up
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(ENTRIES)).scalar() == 5
    engine.dispose()


def test_closing_gives_up_on_a_database_that_is_gone(tmp_path: Path) -> None:
    """A stop is a stop; what was never durable was never in effect."""
    engine = database(tmp_path / "a.db")
    gone = Gone(engine)
    gone.is_gone = True
    recorder = Recorder(engine, KEY)
    recorder.start()
    done = recorder.submit(decided(1))
    recorder.close(timeout_s=0.2)
    assert done is not None
    assert not done.done()
    assert recorder.submit(decided(2)) is None
    engine.dispose()


def test_a_record_that_can_never_be_written_holds_up_nobody(tmp_path: Path) -> None:
    """An id with half a character is refused, its neighbours are written."""
    engine = database(tmp_path / "a.db")
    recorder = Recorder(engine, KEY)
    wrong = Decided(Stream("c-1", "a\ud800"), decision(1), None)
    done = [recorder.submit(one) for one in (decided(0), wrong, decided(2))]
    with recorder:
        outcomes = [type(_future(one).exception(30)).__name__ for one in done]
    assert outcomes[0] == outcomes[2] == "NoneType"
    assert outcomes[1] in {"UnicodeEncodeError", "InvalidInput"}
    with engine.begin() as connection:
        assert connection.execute(select(DECISIONS.c.decision_id)).scalars().all() == ["id-0", "id-2"]
    engine.dispose()


def _future(done: Future[None] | None) -> Future[None]:
    assert done is not None
    return done


def test_records_that_come_twice_are_written_once(tmp_path: Path) -> None:
    """Of a commit whose answer was lost nobody knows whether it happened: the same batch again adds nothing."""
    engine = database(tmp_path / "a.db")
    alarm = Alarm("v1", "traffic", 0.8, 0.02, NOW)
    batch: list[Record] = [
        decided(1),
        Ended(STREAM, decision(1), End.CLEARED, NOW),
        alarm,
        replace(alarm, is_final=True),
    ]
    with engine.begin() as connection:
        assert file_new(connection, batch) == batch
    with engine.begin() as connection:
        assert file_new(connection, batch) == []
        assert alarms_raised(connection) == [alarm, replace(alarm, is_final=True)]
        assert open_decisions(connection) == []
        row = connection.execute(select(DECISIONS.c.ended_at, DECISIONS.c.ended_why)).one()
    assert tuple(row) == ("2026-11-27T12:00:00.000000Z", "cleared")
    engine.dispose()


def test_a_decision_comes_back_as_it_was(tmp_path: Path) -> None:
    """Everything but the request that asked and the link, which is made anew."""
    engine = database(tmp_path / "a.db")
    with engine.begin() as connection:
        file_new(connection, [decided(1)])
        assert open_decisions(connection) == [(STREAM, decision(1))]
    engine.dispose()


@pytest.mark.parametrize(
    ("action", "before", "change"),
    [
        (Action.BLOCK, None, Change.FIRST),
        (Action.BLOCK, Action.THROTTLE, Change.HARSHER),
        (Action.OBSERVE, Action.THROTTLE, Change.MILDER),
        (Action.BLOCK, Action.BLOCK, Change.AGAIN),
    ],
)
def test_changes_have_their_names(action: Action, before: Action | None, change: Change) -> None:
    """By severity."""
    assert change_of(action, before) is change


def test_entries_bear_the_time_of_the_clock_that_is_given(tmp_path: Path) -> None:
    """Of the recorder's, not of the machine's."""
    engine = database(tmp_path / "a.db")
    with Recorder(engine, KEY, wall=lambda: NOW) as recorder:
        written = recorder.submit(decided(1))
        assert written is not None
        written.result(10)
    with engine.begin() as connection:
        assert entry_at(connection, 0).time == NOW
    engine.dispose()


def test_an_error_that_nobody_thought_of_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that does not hold fails each commit: that is seen, nothing is lost, and when it holds it goes on."""
    engine, broken = database(tmp_path / "a.db"), [True]

    def sign(*told: object) -> object:
        if broken:
            raise FailedProof
        return sign_head(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder_module, "sign_head", sign)
    with Recorder(engine, KEY) as recorder:
        done = recorder.submit(decided(1))
        assert done is not None
        wait_until(lambda: not recorder.is_up)
        assert (recorder.n_waiting, done.done()) == (1, False)
        broken.clear()
        done.result(20)
        assert (recorder.is_up, recorder.n_written) == (True, 1)
    engine.dispose()
