"""Answers: by a person, in writing, once; upheld, everything that hurt the customer ends in one transaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import AlreadyAnswered, Ruling, answer, appeal_at, look_at
from stillwatch.act.appeals.appeal import Outcome, State
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.appeals.outbox import to_revoke
from stillwatch.act.appeals.standing import cleared_streams
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES

WHY = "The school has shown us its timetable and its pupils."
UPHELD, DENIED = Ruling(Outcome.UPHELD, WHY, "bea"), Ruling(Outcome.DENIED, WHY, "cem")
LATER = NOW + timedelta(hours=3)


def test_looked_at_once(opened: Office) -> None:
    """The first who looks is named with the time; a second look changes nothing and is not recorded."""
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        look_at(connection, opened.trail, filed.appeal_id[:8], "Bea", LATER)
        found = look_at(connection, opened.trail, filed.appeal_id, "cem", LATER + timedelta(hours=1))
        assert (found.state, found.looked_by, found.looked_at) == (State.LOOKED_AT, "bea", LATER)
        assert len(connection.execute(select(ENTRIES)).all()) == 2


def test_upheld_ends_what_hurt(opened: Office) -> None:
    """The stream is cleared, its decisions end at once and on record, others' go on, and the forum is to be told."""
    filed = opened.file(notice(1))
    opened.tell(notice(2), notice(3, account_id="acct-other"), notice(4, campaign_id="campaign-2"))
    with opened.engine.begin() as connection:
        found = answer(connection, opened.trail, filed.appeal_id, UPHELD, LATER)
        assert (found.state, found.answer, found.answered_by) == (State.UPHELD, WHY, "bea")
        assert cleared_streams(connection) == {notice().stream}
        ended = [notice_of(connection, notice(n).decision_id) for n in (1, 2, 3, 4)]
        assert [one.ended_at if one else None for one in ended] == [LATER, LATER, None, None]
        assert [(one.campaign_id, one.appeal_id) for one in to_revoke(connection)] == [("campaign-1", filed.appeal_id)]
        events = [row.document["event"] for row in connection.execute(select(DOCUMENTS).order_by(DOCUMENTS.c.index))]
    assert events == ["filed", "looked-at", "answered", "ended", "ended"]


def test_upheld_settles_all_appeals_about_the_stream(opened: Office) -> None:
    """Another open appeal about the same requests is upheld with it; one of another account waits on."""
    filed, same = opened.file(notice(1)), opened.file(notice(2))
    other = opened.file(notice(3, account_id="acct-other"))
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, UPHELD, LATER)
        assert appeal_at(connection, same.appeal_id).state is State.UPHELD
        assert appeal_at(connection, other.appeal_id).state is State.FILED


def test_denied_changes_nothing_else(opened: Office) -> None:
    """A denied appeal clears nothing, ends nothing and tells the forum nothing."""
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        assert answer(connection, opened.trail, filed.appeal_id, DENIED, LATER).state is State.DENIED
        assert not cleared_streams(connection)
        assert not to_revoke(connection)
        told = notice_of(connection, notice().decision_id)
    assert told is not None
    assert told.ended_at is None


def test_of_two_who_answer_the_second_is_told(opened: Office) -> None:
    """Eight people answer at one moment: one answer stands, seven are told who was first."""
    filed = opened.file(notice())

    def one(n: int) -> str:
        ruling = Ruling(Outcome.UPHELD if n % 2 else Outcome.DENIED, WHY, f"person-{n}")
        try:
            with opened.engine.begin() as connection:
                answer(connection, opened.trail, filed.appeal_id, ruling, LATER)
        except AlreadyAnswered as told:
            return str(told)
        return ""

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(one, range(8)))
    with opened.engine.begin() as connection:
        found = appeal_at(connection, filed.appeal_id)
        answered = [r for r in connection.execute(select(DOCUMENTS.c.document)).scalars() if r["event"] == "answered"]
        assert bool(cleared_streams(connection)) == (found.outcome is Outcome.UPHELD)
    assert told.count("") == len(answered) == 1
    assert all(f"answered by {found.answered_by} already" in one for one in told if one)


def test_the_reason_is_written_and_in_no_record(opened: Office) -> None:
    """Without a reason there is no answer; the ledger commits to a digest of it."""
    with pytest.raises(InvalidInput, match="reason must have 20"):
        Ruling(Outcome.DENIED, "no", "bea")
    with pytest.raises(InvalidInput):
        Ruling(Outcome.DENIED, WHY, "customer")
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, DENIED, LATER)
        assert "timetable" not in str(connection.execute(select(DOCUMENTS.c.document)).scalars().all())


@pytest.mark.parametrize("name", ["", "nothing", "%", "_", "' OR 1=1 --", "0" * 100])
def test_no_such_appeal(opened: Office, name: str) -> None:
    """What is no beginning of one id finds nothing, wildcards and SQL included."""
    opened.file(notice())
    with opened.engine.begin() as connection, pytest.raises(MissingData):
        appeal_at(connection, name)
