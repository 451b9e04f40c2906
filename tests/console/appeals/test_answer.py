"""The preview of an answer is the page that the customer gets, byte for byte."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.console.appeals.waiting import NOW, WHY, answered, appeal_of, filed
from tests.console.conftest import Rig

from stillwatch.act.appeals import answering
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.appeals.notice import notice_of
from stillwatch.console.appeals.answer import LEAST_REASON, MOST_REASON, Typed, ruling_of
from stillwatch.service.pages.appeals import AppealDesk, appeal_routes


def customers(rig: Rig, decision_id: str) -> str:
    """The page at the customer's link."""
    settings = rig.home.settings
    links = AppealLinks(rig.home.secret, settings.public_url, settings.appeals.file_within)
    desk = AppealDesk(
        rig.home.engine, rig.home.trail, links, settings.appeals, settings.provider, settings.contact, clock=lambda: NOW
    )
    with rig.home.engine.begin() as connection:
        told = notice_of(connection, decision_id)
    assert told is not None
    token = links.token(decision_id, told.decided_at + settings.appeals.file_within)
    return TestClient(Starlette(routes=appeal_routes(desk))).get(f"/appeal/{token}").text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_preview_is_the_page(rig: Rig, outcome: Outcome) -> None:
    """What is shown before the answer is given is what the customer reads after it; nothing changes meanwhile."""
    one = filed(rig)
    ada = rig.as_("ada")
    preview = ada.send(f"/console/appeals/{one.appeal_id}/preview", outcome=outcome.value, reason=WHY)
    assert preview.status_code == 200
    assert appeal_of(rig, one).looked_by is None
    ada.send(f"/console/appeals/{one.appeal_id}/answer", outcome=outcome.value, reason=WHY)
    assert preview.text == customers(rig, one.decision_id)
    assert "&lt;its&gt; timetable" in preview.text
    assert preview.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_as_it_is_now(rig: Rig) -> None:
    """Waiting, overdue and answered alike, the console shows what the customer sees."""
    waiting, late, done = filed(rig, 1), filed(rig, 2, 20), answered(rig, filed(rig, 3), Outcome.DENIED)
    ada = rig.as_("ada")
    for one in (waiting, late, done):
        assert ada.get(f"/console/appeals/{one.appeal_id}/page").text == customers(rig, one.decision_id)


def test_nothing_is_previewed_of_a_wrong_answer(rig: Rig) -> None:
    """A reason that is too short has no page."""
    one = filed(rig)
    refused = rig.as_("ada").send(f"/console/appeals/{one.appeal_id}/preview", outcome="upheld", reason="short")
    assert refused.status_code == 422
    assert "nothing to preview yet" in refused.text


def test_limits_are_those_of_answers() -> None:
    """The form promises what a ruling takes, at both ends."""
    assert (answering._LEAST_REASON, answering._MOST_REASON) == (LEAST_REASON, MOST_REASON)
    for n in (LEAST_REASON, MOST_REASON):
        assert not isinstance(ruling_of(Typed("upheld", "x" * n), "ada"), Typed)
    for n in (LEAST_REASON - 1, MOST_REASON + 1):
        assert isinstance(ruling_of(Typed("upheld", "x" * n), "ada"), Typed)
