"""What decisions read: cleared streams, overdue ones, and a mark that says when to read again."""

from datetime import timedelta
from pathlib import Path

from tests.act.cases.made import campaign, opened_case
from tests.act.decide.made import world
from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer, appeal_at
from stillwatch.act.appeals.appeal import AppealRules, Grounds, Outcome
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.appeals.standing import Standing, appeals_mark, carry_over, cleared_streams, overdue
from stillwatch.act.decide.guards import Situation, soften
from stillwatch.act.decide.source import People
from stillwatch.act.decide.stream import Stream
from stillwatch.model.decision import SEVERITY, Action, Facts

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
    assert late.softened == {Stream("campaign-1", "a0"), Stream("campaign-1", "a1"), Stream("campaign-2", "b")}
    assert late.held_back == {Stream("campaign-1", "a2")}


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


def test_deciders_see_what_changed_and_nothing_is_done_to_it(opened: Office) -> None:
    """A decider that asks for cleared and overdue streams lets a cleared one go, and only watches an overdue one."""
    now = [NOW]
    standing = Standing(opened.engine, AppealRules(), lambda: now[0])
    filed = opened.file(notice())
    assert (standing.cleared(), standing.overdue()) == (frozenset(), frozenset())
    now[0] = NOW + 2 * WEEK
    stream = notice().stream
    assert stream in standing.overdue()
    facts = Facts()
    assert soften(Action.BLOCK, Situation(facts, is_overdue=stream in standing.overdue())).action is Action.OBSERVE
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), now[0])
    assert stream in standing.cleared()
    assert not standing.overdue()
    assert soften(Action.BLOCK, Situation(facts, is_cleared=stream in standing.cleared())).action is Action.ALLOW


def test_a_running_decider_lets_a_cleared_stream_go(opened: Office, tmp_path: Path) -> None:
    """Throttled, appealed, upheld: at its next look the decider does nothing any more, and the decision has ended."""
    standing = Standing(opened.engine, AppealRules(), lambda: NOW)
    people = People(cleared=standing.cleared, overdue=standing.overdue)
    url = opened.engine.url.set(drivername=opened.engine.dialect.name).render_as_string(hide_password=False)
    with world(tmp_path, people=people, url=url) as running:
        before = running.ask()
        assert before.action is Action.THROTTLE
        running.settle()
        with opened.engine.begin() as connection:
            told = notice_of(connection, before.decision_id)
            assert told is not None
            filed = file(connection, opened.trail, told, Filing(Grounds.RESEARCH, WHY), AppealRules(), NOW)
            answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
        running.settle()
        assert SEVERITY[running.ask().action] <= SEVERITY[Action.OBSERVE]
        with opened.engine.begin() as connection:
            ended = notice_of(connection, before.decision_id)
        assert ended is not None
        assert ended.ended_at == NOW


def test_overdue_softens_under_the_campaigns_new_name(opened: Office) -> None:
    """A customer who waits in vain is not refused again because the campaign goes on as part of another one."""
    for n, campaign_id in enumerate(("campaign-1", "campaign-1", "campaign-9"), 1):
        opened.file(notice(n, campaign_id, f"a{n}"), NOW + timedelta(minutes=n))
    opened_case(opened, campaign("campaign-1"), campaign("campaign-9", also_known_as=("campaign-1",)))
    with opened.engine.begin() as connection:
        late = overdue(connection, AppealRules(most_softened=2), NOW + 2 * WEEK)
    assert late.softened == {Stream("campaign-1", "a1"), Stream("campaign-1", "a2")}
    assert late.held_back == {Stream("campaign-9", "a3")}
    assert late.observed == late.softened | {Stream("campaign-9", "a1"), Stream("campaign-9", "a2")}
    assert Standing(opened.engine, AppealRules(most_softened=2), lambda: NOW + 2 * WEEK).overdue() == late.observed


def test_upheld_clears_under_the_campaigns_new_name_at_once(opened: Office) -> None:
    """An appeal against a decision of before ends what is in force under the name that the campaign has now."""
    filed = opened.file(notice())
    opened_case(opened, campaign("campaign-1"), campaign("campaign-9", also_known_as=("campaign-1",)))
    opened.tell(notice(2, "campaign-9"))
    other = opened.file(notice(3, "campaign-9"))
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
        assert cleared_streams(connection) == {notice().stream, notice(2, "campaign-9").stream}
        ended = [notice_of(connection, notice(n).decision_id) for n in (1, 2, 3)]
        assert appeal_at(connection, other.appeal_id).outcome is Outcome.UPHELD
    assert [one is not None and one.ended_at for one in ended] == [NOW] * 3
