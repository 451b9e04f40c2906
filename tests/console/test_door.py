"""From a request to a page: what is shown when something is wrong, and what never is."""

import logging
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.responses import PlainTextResponse, Response
from tests.console.conftest import NOW, Rig, rig_of

from stillwatch.act.cases.case import Stale
from stillwatch.act.policy.activations import Overtaken
from stillwatch.console import door, routes
from stillwatch.console.page import act, look
from stillwatch.console.visit import Visit
from stillwatch.errors import FailedProof, InvalidInput, MissingData, UnreadableSource
from stillwatch.service.access.roles import Right
from stillwatch.web.problem import Problem

Show = Callable[[Callable[[Visit], Response]], Rig]
NASTY = "<script>alert(1)</script> \u202e"


def failing(error: Exception) -> Callable[[Visit], Response]:
    """A handler that raises it."""

    def answer(_visit: Visit) -> Response:
        raise error

    return answer


@pytest.fixture
def show(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Show:
    """A console with one page, and a form, of that handler."""

    def made(answer: Callable[[Visit], Response]) -> Rig:
        monkeypatch.setattr(routes, "PAGES", (look("/here", answer), act("/here", answer, Right.WORK)))
        return rig_of(rig.home, lambda: NOW)

    return made


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MissingData(NASTY), 404),
        (Stale(NASTY), 409),
        (Overtaken(NASTY), 409),
        (InvalidInput(NASTY), 422),
        (UnreadableSource(NASTY), 503),
        (FailedProof(NASTY), 503),
        (Problem(413, NASTY), 413),  # type: ignore[arg-type]
    ],
    ids=lambda told: type(told).__name__,
)
def test_what_is_wrong_is_told_as_text(show: Show, error: Exception, status: int) -> None:
    """With the menu, so that one can go on; for a form as for a page."""
    ada = show(failing(error)).as_("ada")
    for answer in (ada.get("/console/here"), ada.send("/console/here")):
        assert answer.status_code == status
        assert "&lt;script&gt;alert(1)&lt;/script&gt; ⟨U+202E⟩" in answer.text
        assert "<script>alert" not in answer.text
        assert 'aria-label="Pages"' in answer.text


def test_how_long_to_wait_is_in_the_header(show: Show) -> None:
    """As programs read it."""
    error = Problem(429, "wait", {"Retry-After": "30"})  # type: ignore[arg-type]
    answer = show(failing(error)).as_("ada").get("/console/here")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("the words of a customer"), 500), (OperationalError("SELECT secret", {}, Exception("x")), 503)],
    ids=["a mistake", "the database"],
)
def test_what_is_not_for_people_is_not_shown(
    show: Show,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
) -> None:
    """Its kind is in the log, its text on no page."""
    with caplog.at_level(logging.WARNING, "stillwatch.console"):
        answer = show(failing(error)).as_("ada").get("/console/here")
    assert answer.status_code == status
    assert "customer" not in answer.text
    assert "SELECT" not in answer.text
    assert any(type(error).__name__ in one for one in caplog.messages)


def test_the_database_is_gone_before_anything(
    show: Show,
) -> None:
    """Nobody is known then: a page says to try again, and nobody is sent to the login."""
    made = show(failing(RuntimeError()))
    ada = made.as_("ada")
    with made.home.engine.begin() as connection:
        connection.execute(text("ALTER TABLE console_sessions RENAME TO gone"))
    answer = ada.get("/console/here")
    assert (answer.status_code, "try again in a minute" in answer.text) == (503, True)


def test_a_page_that_takes_too_long(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, in words."""
    go_on = threading.Event()
    monkeypatch.setattr(door, "_PATIENCE_S", 0.05)
    try:
        answer = show(lambda _: PlainTextResponse(str(go_on.wait(30)))).as_("ada").get("/console/here")
    finally:
        go_on.set()
    assert (answer.status_code, "longer than a page may" in answer.text) == (503, True)


def test_what_a_form_says_reaches_the_handler(show: Show) -> None:
    """Of several values the last, and all of them as a list; the query besides."""
    seen: list[Visit] = []
    made = show(lambda visit: seen.append(visit) or PlainTextResponse("x"))  # type: ignore[func-returns-value]
    ada = made.as_("ada")
    ada.client.post("/console/here?q=1&q=2", data={"form": ada.token, "role": ["a", "b"], "none": ""})
    (visit,) = seen
    assert (visit.fields["role"], visit.lists["role"], visit.fields["none"]) == ("b", ["a", "b"], "")
    assert (visit.query["q"], visit.here, visit.origin) == ("2", "/console/here?q=1&q=2", "http://testserver")
    assert (visit.user.name, visit.now) == ("ada", NOW)
