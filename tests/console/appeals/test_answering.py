"""One appeal: everything that an answer rests on, taking it up, answering it, and being too late."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.act.desk import Office
from tests.console.appeals.waiting import NOW, WHY, WORDS, answered, appeal_of, filed, notice, office_of
from tests.console.conftest import Rig
from tests.page import Page

from stillwatch.act.appeals.appeal import AppealRules, Grounds, Outcome
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.appeals.outbox import revoked
from stillwatch.act.appeals.standing import cleared_streams
from stillwatch.act.audit.trail import recorded
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.appeals.dossier import appeal_named, dossier_of, evidence_of
from stillwatch.errors import MissingData
from stillwatch.ledger.entry import Kind


def at(appeal_id: str, *parts: str) -> str:
    """Path of an appeal's page."""
    return "/".join(("/console/appeals", appeal_id, *parts))


def stream_of_findings(rig: Rig) -> tuple[str, str]:
    """Campaign and account of a stream that the findings hold."""
    name = "c-4f1e09ab77"
    _, findings = rig.console.shelf.campaign(name)
    return name, findings.streams["account_id"][0].as_py()


def test_everything_stands_on_the_page(rig: Rig) -> None:
    """The customer's words, the grounds, what was decided and why, the deadline, and where the customer looks."""
    one = filed(rig)
    text = Page(rig.as_("ada").get(at(one.appeal_id)).text).text
    for words in (
        WORDS,
        "They are research or teaching",
        "throttle",
        "more slowly",
        "Many accounts send requests of one form.",
        "slow-down",
        "campaign-1",
        "acct-7f3a9c21",
        "not read yet",
        "in 6 days",
        "Each link is a secret of one decision",
    ):
        assert words in text


def test_no_link_of_a_customer_is_on_the_page(rig: Rig) -> None:
    """Whoever has the link reads the answer: the console names only where links lead."""
    one = filed(rig)
    text = rig.as_("ada").get(at(one.appeal_id)).text
    links = AppealLinks(rig.home.secret, rig.home.settings.public_url, rig.home.settings.appeals.file_within)
    assert links.token(one.decision_id, NOW)[:30] not in text
    assert "/appeal/" in text
    assert not [value for _, name, value in Page(text).attributes if name in {"href", "action"} and "/appeal/" in value]


def test_the_evidence_is_that_of_the_findings(rig: Rig) -> None:
    """Share of the account and bits of its stream, and the campaign's verdict, as the findings have them now."""
    campaign, account = stream_of_findings(rig)
    one = filed(rig, 1, 1, campaign, account)
    found = evidence_of(rig.console.shelf, campaign, account)
    assert found is not None
    assert found.stream is not None
    assert found.stream["account_id"] == account
    text = Page(rig.as_("ada").get(at(one.appeal_id)).text).text
    assert "Share of the account" in text
    assert "harvest" in text


def test_evidence_that_is_gone(rig: Rig) -> None:
    """A campaign without that account's stream, and no campaign at all, are said to be so."""
    campaign, _ = stream_of_findings(rig)
    gone, none = filed(rig, 1, 1, campaign, "acct-of-nobody"), filed(rig, 2, 1, "campaign-9")
    ada = rig.as_("ada")
    assert "no stream of this account in it any more" in ada.get(at(gone.appeal_id)).text
    assert "do not hold this campaign now" in ada.get(at(none.appeal_id)).text


def test_hostile_words_are_text(rig: Rig) -> None:
    """What a customer writes is shown with its hidden characters, and runs nothing."""
    about = notice()
    office = office_of(rig)
    office.tell(about)
    words = "<script>alert(1)</script> {{ 7*7 }} \u202eright to left\u200b and <img src=x onerror=alert(1)>"
    with rig.home.engine.begin() as connection:
        told = Filing(Grounds.OTHER, words, "<b>me</b>@example.org")
        one = file(connection, rig.home.trail, about, told, AppealRules(), NOW)
    text = rig.as_("ada").get(at(one.appeal_id)).text
    assert "<script>alert" not in text
    assert "<img" not in text.replace('<img src="/console/static', "")
    assert "<b>me</b>" not in text
    assert "{{ 7*7 }}" in text
    assert "U+202E" in text
    assert "\u202e" not in text


def test_taken_up_once(rig: Rig) -> None:
    """Who looks at it first stands on it; looking again changes nothing."""
    one = filed(rig)
    said = rig.as_("ada").send(at(one.appeal_id, "look"))
    assert "You read this appeal now" in said.text
    assert "I am looking at it" not in said.text
    rig.as_("bea").send(at(one.appeal_id, "look"))
    assert appeal_of(rig, one).looked_by == "ada"


@pytest.mark.parametrize(("outcome", "words"), [("upheld", "the stream is cleared"), ("denied", "nothing changes")])
def test_answered(rig: Rig, outcome: str, words: str) -> None:
    """An answer is given in the person's name and shown; upheld, the stream is cleared and its decision ends."""
    one = filed(rig)
    said = rig.as_("ada").send(at(one.appeal_id, "answer"), outcome=outcome, reason=WHY)
    assert words in Page(said.text).text
    now = appeal_of(rig, one)
    assert (now.state.value, now.answered_by, now.answer) == (outcome, "ada", WHY)
    with rig.home.engine.begin() as connection:
        assert (one.stream in cleared_streams(connection)) == (outcome == "upheld")
        ended = connection.execute(select(DECISIONS.c.ended_why)).scalar()
        assert (ended == "cleared") == (outcome == "upheld")
    page = Page(rig.as_("bea").get(at(one.appeal_id)).text).text
    assert "Send the answer" not in page
    assert "Answered by ada" in page


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"outcome": "upheld", "reason": "too short"}, "Write 20 to 4,000 characters"),
        ({"outcome": "upheld", "reason": "x" * 4001}, "Write 20 to 4,000 characters"),
        ({"outcome": "perhaps", "reason": WHY}, "Choose one of these"),
        ({"reason": WHY}, "Choose one of these"),
        ({}, "Choose one of these"),
    ],
)
def test_what_is_wrong_is_shown_and_the_words_stay(rig: Rig, fields: dict[str, str], problem: str) -> None:
    """A wrong answer changes nothing; the form comes back with what was typed, and the problem at its place."""
    one = filed(rig)
    again = rig.as_("ada").send(at(one.appeal_id, "answer"), **fields)
    assert again.status_code == 422
    assert problem in Page(again.text).text
    assert fields.get("reason", "")[:200].replace("<", "&lt;").replace(">", "&gt;") in again.text
    assert appeal_of(rig, one).outcome is None


def test_the_second_answer_is_shown_the_first(rig: Rig) -> None:
    """Who is too late is told who was faster, reads that answer, and loses no word of the own one."""
    one = filed(rig)
    ada, bea = rig.as_("ada"), rig.as_("bea")
    bea.send(at(one.appeal_id, "answer"), outcome="denied", reason="They ask one list of questions again and again.")
    late = ada.send(at(one.appeal_id, "answer"), outcome="upheld", reason=WHY)
    text = Page(late.text).text
    assert late.status_code == 409
    assert "bea was faster" in text
    assert "one list of questions" in text
    assert WHY in text
    assert appeal_of(rig, one).outcome is Outcome.DENIED


def test_a_form_of_another_page_is_refused(rig: Rig) -> None:
    """Without the session's token nothing is answered and nothing taken up."""
    one = filed(rig)
    ada = rig.as_("ada")
    for what in ("answer", "look", "preview"):
        sent = ada.client.post(at(one.appeal_id, what), data={"form": "x", "outcome": "upheld", "reason": WHY})
        assert sent.status_code == 403
    assert appeal_of(rig, one).looked_by is None


@pytest.mark.parametrize("name", ["vera", "alma"])
def test_whoever_may_not_answer_answers_nothing(rig: Rig, name: str) -> None:
    """The right is asked for where the form arrives."""
    one = filed(rig)
    sent = rig.as_(name).send(at(one.appeal_id, "answer"), outcome="upheld", reason=WHY)
    assert sent.status_code == 403
    assert appeal_of(rig, one).outcome is None


@pytest.mark.parametrize("name", ["nothing", "%25", "a" * 600])
def test_no_such_appeal(rig: Rig, name: str) -> None:
    """A made-up id is a page that says so; the beginning of an id is no id."""
    one = filed(rig)
    assert rig.as_("ada").get(at(name)).status_code == 404
    with rig.home.engine.begin() as connection, pytest.raises(MissingData):
        appeal_named(connection, one.appeal_id[:12])


def test_the_accounts_other_appeals(rig: Rig) -> None:
    """Other appeals of the account are listed; those about the same stream are upheld with this one."""
    one, same = filed(rig, 1, 3), filed(rig, 2, 2)
    other = filed(rig, 3, 1, "campaign-2")
    filed(rig, 4, 1, account_id="acct-of-another")
    with rig.home.engine.begin() as connection:
        found = dossier_of(connection, appeal_named(connection, one.appeal_id), AppealRules(), NOW)
    assert [line.appeal_id for line in found.others] == [other.appeal_id, same.appeal_id]
    assert [line.appeal_id for line in found.same] == [same.appeal_id]
    assert (found.n_waiting, found.n_in_force) == (3, 2)
    ada = rig.as_("ada")
    assert "with 1 other appeal about it" in Page(ada.get(at(one.appeal_id)).text).text
    ada.send(at(one.appeal_id, "answer"), outcome="upheld", reason=WHY)
    assert appeal_of(rig, same).outcome is Outcome.UPHELD
    assert appeal_of(rig, other).outcome is None


def test_overdue_is_said_with_what_it_means(rig: Rig) -> None:
    """An overdue appeal says whether its stream is only observed meanwhile, or held back."""
    many = [filed(rig, n, 30 - n / 10, account_id=f"acct-{n:04}") for n in range(1, 12)]
    ada = rig.as_("ada")
    assert "the stream is only observed" in Page(ada.get(at(many[0].appeal_id)).text).text
    assert "Held back." in Page(ada.get(at(many[10].appeal_id)).text).text


def test_what_follows_an_upheld_appeal_is_shown(rig: Rig) -> None:
    """That the stream is cleared, and when the campaign's indicators were taken back."""
    one = answered(rig, filed(rig), Outcome.UPHELD)
    ada = rig.as_("ada")
    assert "are to be taken back" in Page(ada.get(at(one.appeal_id)).text).text
    with rig.home.engine.begin() as connection:
        revoked(connection, rig.home.trail, "campaign-1", 2, NOW + timedelta(minutes=1))
    text = Page(ada.get(at(one.appeal_id)).text).text
    assert "The stream is cleared" in text
    assert "indicators were taken back" in text


def test_without_its_decision_it_can_be_answered(rig: Rig) -> None:
    """A decision that is gone leaves a page, without what the customer would see."""
    one = filed(rig)
    with rig.home.engine.begin() as connection:
        connection.execute(DECISIONS.delete())
    ada = rig.as_("ada")
    assert "not on record any more" in ada.get(at(one.appeal_id)).text
    assert ada.get(at(one.appeal_id, "page")).status_code == 404
    assert ada.send(at(one.appeal_id, "answer"), outcome="denied", reason=WHY).status_code == 200


def test_nothing_that_a_customer_or_a_person_wrote_is_in_the_ledger(rig: Rig) -> None:
    """What the console records of an answer holds no word of either."""
    one = filed(rig)
    rig.as_("ada").send(at(one.appeal_id, "answer"), outcome="denied", reason=WHY)
    with rig.home.engine.begin() as connection:
        told = [str(entry.document) for entry in recorded(connection, kind=Kind.APPEAL)]
    assert len(told) == 3
    assert not [line for line in told if "timetable" in line or "worksheet" in line]


def test_a_decision_is_in_force_only_while_it_holds(rig: Rig) -> None:
    """What has expired is not counted among the decisions that an answer would end."""
    office: Office = office_of(rig)
    office.tell(replace(notice(7), expires_at=NOW - timedelta(minutes=1)))
    one = filed(rig)
    with rig.home.engine.begin() as connection:
        found = dossier_of(connection, appeal_named(connection, one.appeal_id), AppealRules(), NOW)
    assert [held.decision_id for held in found.in_force] == [one.decision_id]
