"""What tests of the console's appeals share: a service with appeals, in states that are asked for."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.act.desk import NOW, WORDS, Office, notice
from tests.console.conftest import Rig

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Appeal, Outcome
from stillwatch.act.appeals.notice import Notice
from stillwatch.console.appeals.dossier import appeal_named

__all__ = ["NOW", "WHY", "WORDS", "answered", "appeal_of", "filed", "notice", "office_of"]

WHY = "The school has shown us <its> timetable and its pupils."


def office_of(rig: Rig) -> Office:
    """Database and trail of the rig's service."""
    return Office(rig.home.engine, rig.home.trail)


def filed(
    rig: Rig, n: int = 1, days_ago: float = 1, campaign_id: str = "campaign-1", account_id: str = "acct-7f3a9c21"
) -> Appeal:
    """An appeal against the decision of that number, filed so many days ago."""
    about = _before(notice(n, campaign_id, account_id), timedelta(days=days_ago + 1))
    return office_of(rig).file(about, NOW - timedelta(days=days_ago))


def answered(rig: Rig, appeal: Appeal, outcome: Outcome, now: datetime = NOW, by: str = "bea") -> Appeal:
    """The appeal with an answer."""
    with rig.home.engine.begin() as connection:
        return answer(connection, rig.home.trail, appeal.appeal_id, Ruling(outcome, WHY, by), now)


def appeal_of(rig: Rig, appeal: Appeal) -> Appeal:
    """The appeal as it is now."""
    with rig.home.engine.begin() as connection:
        return appeal_named(connection, appeal.appeal_id)


def _before(told: Notice, by: timedelta) -> Notice:
    return replace(told, decided_at=told.decided_at - by)
