"""Notices: decisions as they are on record, the oldest first, and when they end."""

from dataclasses import replace
from datetime import timedelta

from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.notice import notice_of, notices_of


def test_read_as_recorded(opened: Office) -> None:
    """What whoever decides has put on record is what the customer is told; what is not on record is nothing."""
    opened.tell(notice(1))
    with opened.engine.begin() as connection:
        assert notice_of(connection, notice(1).decision_id) == notice(1)
        assert notice_of(connection, notice(2).decision_id) is None
        assert notice_of(connection, "' OR 1=1 --") is None


def test_of_campaigns_and_no_others(opened: Office) -> None:
    """Decisions of the campaigns that are asked for, in order."""
    opened.tell(notice(2), notice(1), notice(3, campaign_id="campaign-2"), notice(4, campaign_id="campaign-3"))
    with opened.engine.begin() as connection:
        found = notices_of(connection, ["campaign-1", "campaign-3"])
        assert [one.decision_id for one in found] == [notice(n).decision_id for n in (1, 2, 4)]
        assert notices_of(connection, []) == []


def test_ends_by_itself_or_before() -> None:
    """A decision ends when it expires, or when a person has ended it, whichever is first."""
    told = notice()
    assert told.ends_at == told.expires_at
    assert replace(told, ended_at=NOW + timedelta(hours=1)).ends_at == NOW + timedelta(hours=1)
    assert replace(told, ended_at=told.expires_at + timedelta(hours=1)).ends_at == told.expires_at
