"""The appeal page: decision and form, one filing, then where the appeal is and what a person answered."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from tests.act.desk import NOW, Office, notice
from tests.page import Page
from tests.service.pages.visitor import WORDS, link, visitor

from stillwatch.act.appeals.answering import Ruling, answer, look_at
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.filing import appeal_against
from stillwatch.model.decision import Action
from stillwatch.service.pages.appeals import SHOWN_FOR
from stillwatch.service.pages.wording import ACTIONS, GROUNDS

WHY = "The school has shown us <its> timetable and its pupils."


def test_every_action_and_ground_has_words() -> None:
    """No decision and no ground is without a sentence for the customer."""
    assert set(ACTIONS) == set(Action)
    assert len({label for label, _ in GROUNDS.values()}) == len(GROUNDS)


def test_what_was_decided_in_words(opened: Office) -> None:
    """The page says what happens, why, until when and how long an answer takes, and shows no id of the account."""
    opened.tell(notice())
    answered = visitor(opened).see(link())
    text = Page(answered.text).text
    assert answered.status_code == 200
    for words in ("more slowly", "Many accounts send requests", "4 December 2026", "5 working days", "Example Models"):
        assert words in text
    assert notice().stream.account_id not in answered.text
    assert notice().stream.campaign_id not in answered.text
    assert "slow-down" not in answered.text


def test_filed_and_followed_to_its_answer(opened: Office) -> None:
    """Sent, read, answered: each step is on the page, the words of the answer escaped, the customer's not repeated."""
    opened.tell(notice())
    customer = visitor(opened)
    sent = customer.send(link(), contact="head@school.example")
    assert (sent.status_code, sent.headers["location"]) == (303, link().rpartition("/")[2])
    assert "We have your appeal" in customer.see(link()).text
    with opened.engine.begin() as connection:
        filed = appeal_against(connection, notice().decision_id)
        assert filed is not None
        assert (filed.statement, filed.contact) == (WORDS, "head@school.example")
        look_at(connection, opened.trail, filed.appeal_id, "bea", NOW)
    assert "is being read" in customer.see(link()).text
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
    page = customer.see(link()).text
    assert "We agree with you" in page
    assert "&lt;its&gt; timetable" in page
    assert "bea" not in page
    assert "worksheet" not in page


def test_late_is_said(opened: Office) -> None:
    """When the deadline has passed, the page says so instead of promising a day that is over."""
    opened.tell(notice())
    customer = visitor(opened)
    customer.send(link())
    customer.now[0] = NOW + timedelta(days=8)
    assert "We are late" in customer.see(link()).text


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"grounds": "because"}, "grounds"), ({"statement": "short"}, "statement"), ({"contact": "x" * 255}, "contact")],
)
def test_what_is_wrong_is_shown_and_the_text_stays(opened: Office, fields: dict[str, str], name: str) -> None:
    """A wrong field is marked, nothing is filed, and nobody has to write again."""
    opened.tell(notice())
    customer = visitor(opened)
    answered = customer.send(link(), **fields)
    assert answered.status_code == 422
    assert f'href="#{name}"' in answered.text
    assert fields.get("statement", WORDS) in answered.text
    with opened.engine.begin() as connection:
        assert appeal_against(connection, notice().decision_id) is None


def test_links_end(opened: Office) -> None:
    """After 30 days nothing can be filed; an answer can be read for half a year."""
    opened.tell(notice(1), notice(2))
    customer = visitor(opened)
    customer.send(link(2))
    form = customer.token(link(1))
    customer.now[0] = NOW + timedelta(days=30, seconds=1)
    assert customer.see(link(1)).status_code == customer.send(link(1), form).status_code == 410
    assert customer.see(link(2)).status_code == 200
    with opened.engine.begin() as connection:
        filed = appeal_against(connection, notice(2).decision_id)
        assert filed is not None
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.DENIED, WHY, "bea"), NOW)
    customer.now[0] = NOW + SHOWN_FOR
    assert customer.see(link(2)).status_code == 200
    customer.now[0] += timedelta(days=1)
    assert customer.see(link(2)).status_code == 404


def test_the_browser_may_load_and_run_nothing(opened: Office) -> None:
    """Strict policy, no script, no cookie, nothing from elsewhere, not kept, not indexed, on every page."""
    opened.tell(notice())
    customer = visitor(opened)
    for path in (link(), "/appeal/nothing"):
        answered = customer.see(path)
        policy = answered.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answered.headers
        page = Page(answered.text)
        assert "script" not in page.tags
        sources = [value for _, name, value in page.attributes if name in {"src", "href", "action"}]
        assert all(value.startswith(("#", "data:,")) for value in sources)
        assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("sends", [False, True])
def test_a_database_that_is_gone_is_a_page(opened: Office, *, sends: bool) -> None:
    """A customer is told to come again, by a page and not by an error; nothing of the database stands in it."""
    opened.tell(notice())
    customer = visitor(opened)

    @event.listens_for(opened.engine, "begin", insert=True)
    def begin(_connection: object) -> None:
        statement = "BEGIN"
        raise OperationalError(statement, None, OSError())

    path = link()
    answered = customer.client.post(path, data={"statement": WORDS}) if sends else customer.see(path)
    assert (answered.status_code, answered.headers["retry-after"]) == (503, "60")
    assert answered.headers["content-type"].startswith("text/html")
    assert "The fault is ours" in answered.text
    assert "OperationalError" not in answered.text
    event.remove(opened.engine, "begin", begin)
