"""What decisions read: cleared streams, overdue ones, and a mark that says when to read again."""

from datetime import timedelta

from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import AppealRules, Outcome
from stillwatch.act.appeals.standing import appeals_mark, carry_over, cleared_streams, overdue
from stillwatch.act.decide.stream import Stream

WEEK = timedelta(days=7)
WHY = "The school has shown us its timetable and its pupils."


def test_overdue_softens_the_first_of_each_campaign(opened: Office) -> None:
    """With room for two, the two that were filed first are softened and the third is held back; others count apart."""
    rules = AppealRules(most_softened=2)
    for n in range(3):
        opened.file(notice(n + 1, account_id=f"a{n}"), NOW + timedelta(minutes=n))
    opened.file(notice(9, campaign_id="campaign-2", account_id="b"))
    with opened.engine.begin() as connection:
        assert not overdue(connection, rules, NOW + WEEK).softened
        late = overdue(connection, rules, NOW + WEEK + timedelta(hours=1))
    first = {Stream("campaign-1", "a0"), Stream("campaign-1", "a1"), Stream("campaign-2", "b")}
    assert (late.softened, late.held_back) == (first, {Stream("campaign-1", "a2")})


def test_an_answer_ends_the_softening(opened: Office) -> None:
    """Once a person has answered, late or not, the stream is as the answer says."""
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.DENIED, WHY, "bea"), NOW + 2 * WEEK)
        assert not overdue(connection, AppealRules(), NOW + 3 * WEEK).softened


def test_cleared_stays_cleared_under_the_campaigns_new_name(opened: Office) -> None:
    """When its campaign becomes part of another, the stream is cleared there as well, once, and the mark moves."""
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        before = appeals_mark(connection)
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
        between = appeals_mark(connection)
        assert carry_over(connection, "campaign-9", ["campaign-1", "campaign-5"]) == 1
        after = appeals_mark(connection)
        assert carry_over(connection, "campaign-9", ["campaign-1"]) == 0
        assert appeals_mark(connection) == after
        streams = cleared_streams(connection)
    assert before < between < after
    assert streams == {notice().stream, Stream("campaign-9", notice().stream.account_id)}
