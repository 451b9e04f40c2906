"""Campaigns become cases, and stay what people have made of them."""

from datetime import timedelta

import pytest
from tests.act.cases.made import campaign, hand, opened_case
from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.standing import cleared_streams
from stillwatch.act.cases.case import ClosedWhy, State
from stillwatch.act.cases.changes import close
from stillwatch.act.cases.lookup import case_at, cases_in, events_of
from stillwatch.act.decide.stream import Stream
from stillwatch.model.campaign import Verdict

WHY = "The campaign is over, its accounts are closed."


def test_opened_once_and_brought_up_to_date(opened: Office) -> None:
    """A campaign opens one case; the next pass changes its figures without an event or a version."""
    assert opened_case(opened) == ["campaign-1"]
    assert opened_case(opened, campaign(bits=60.0, n_accounts=9, last_seen=NOW)) == []
    with opened.engine.begin() as connection:
        found = case_at(connection, "campaign-1")
        assert (found.state, found.version, found.bits, found.n_accounts) == (State.OPEN, 1, 60.0, 9)
        assert [event.what for event in events_of(connection, found)] == ["opened"]


@pytest.mark.parametrize("verdict", [Verdict.RELATED, Verdict.EVALUATION, Verdict.TOOL])
def test_what_is_explained_needs_no_person(opened: Office, verdict: Verdict) -> None:
    """Fleets, declared evaluations and popular tools open no case; one that was open is told of the new verdict."""
    assert opened_case(opened, campaign(verdict=verdict)) == []
    opened_case(opened)
    assert opened_case(opened, campaign(verdict=verdict)) == ["campaign-1"]
    with opened.engine.begin() as connection:
        found = case_at(connection, "campaign-1")
        assert (found.verdict, found.version) == (verdict, 2)


def test_a_decision_makes_it_acted(opened: Office) -> None:
    """As soon as a decision rests on the campaign the case says so, once."""
    opened_case(opened)
    opened.tell(notice())
    assert opened_case(opened) == ["campaign-1"]
    assert opened_case(opened) == []
    with opened.engine.begin() as connection:
        assert case_at(connection, "campaign-1").state is State.ACTED


@pytest.mark.parametrize(("why", "opens"), [(ClosedWhy.ENDED, True), (ClosedWhy.LEGITIMATE, False)])
def test_closed_stays_closed_unless_the_traffic_goes_on(opened: Office, why: ClosedWhy, *, opens: bool) -> None:
    """New traffic opens a case again that was closed because there was none, and no other."""
    opened_case(opened)
    with opened.engine.begin() as connection:
        close(hand(connection, opened), "campaign-1", why, WHY, 1)
    assert opened_case(opened) == []
    later = campaign(last_seen=NOW + timedelta(hours=2))
    assert bool(opened_case(opened, later, now=NOW + timedelta(hours=3))) == opens
    with opened.engine.begin() as connection:
        found = case_at(connection, "campaign-1")
        assert (found.state is State.OPEN) == opens
        assert bool(cases_in(connection)) == opens


def test_merged_cases_are_one_under_every_name(opened: Office) -> None:
    """Campaigns that turn out to be one: both names lead to it, notes of both are in it, cleared stays cleared."""
    opened_case(opened, campaign("campaign-1"), campaign("campaign-2"))
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        ruling = Ruling(Outcome.UPHELD, "A school that has shown us its pupils.", "bea")
        answer(connection, opened.trail, filed.appeal_id, ruling, NOW)
    whole = campaign("campaign-2", also_known_as=("campaign-1",))
    assert opened_case(opened, whole) == ["campaign-2"]
    assert opened_case(opened, whole) == []
    opened_case(opened, campaign("campaign-3", also_known_as=("campaign-2",)))
    with opened.engine.begin() as connection:
        found = case_at(connection, "campaign-1")
        assert found.case_id == "campaign-3"
        assert found.also_known_as == ("campaign-1", "campaign-2")
        assert [event.what for event in events_of(connection, found)].count("merged") == 2
        assert Stream("campaign-3", notice().stream.account_id) in cleared_streams(connection)
        assert [one.case_id for one in cases_in(connection)] == ["campaign-3"]


def test_cleared_is_carried_over_without_a_case_too(opened: Office) -> None:
    """Campaigns that are no case, as a policy may act on such too, keep what a person has cleared."""
    filed = opened.file(notice())
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
    fleet = campaign("campaign-2", Verdict.RELATED, also_known_as=("campaign-1",))
    assert opened_case(opened, fleet) == []
    with opened.engine.begin() as connection:
        assert Stream("campaign-2", notice().stream.account_id) in cleared_streams(connection)
