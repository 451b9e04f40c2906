"""The outbox: what the member's node has still to take back, once each."""

from datetime import timedelta

from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.outbox import ask, revoked, to_revoke

WHY = "The school has shown us its timetable and its pupils."


def test_asked_once_and_done_once(opened: Office) -> None:
    """Two upheld appeals of one campaign ask once; done, it is not asked for again."""
    appeals = [opened.file(notice(n, account_id=f"a{n}")) for n in (1, 2)]
    with opened.engine.begin() as connection:
        for one in appeals:
            answer(connection, opened.trail, one.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
        assert [one.campaign_id for one in to_revoke(connection)] == ["campaign-1"]
        assert revoked(connection, opened.trail, "campaign-1", 2, NOW)
        assert not revoked(connection, opened.trail, "campaign-1", 2, NOW)
        assert not revoked(connection, opened.trail, "campaign-7", 0, NOW)
        assert to_revoke(connection) == []


def test_what_was_done_is_asked_for_again(opened: Office) -> None:
    """The campaign may have been told anew since: a later appeal has its indicators taken back once more."""
    with opened.engine.begin() as connection:
        ask(connection, "campaign-1", None, NOW)
        assert revoked(connection, opened.trail, "campaign-1", 1, NOW)
        later = NOW + timedelta(days=3)
        ask(connection, "campaign-1", "a" * 32, later)
        (found,) = to_revoke(connection)
    assert (found.appeal_id, found.asked_at) == ("a" * 32, later)
