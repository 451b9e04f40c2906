"""The appeal page in Chromium with scripts off: nothing is fetched, nothing overflows, all can be read and sent."""

import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import uvicorn
from starlette.applications import Starlette
from tests.act.desk import NOW, WORDS, Office, decision, notice, office
from tests.report.test_page_in_browser import CHROMIUM, CONTRAST, WIDER

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.filing import appeal_against
from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.secret import ServiceSecret
from stillwatch.service.pages.appeals import AppealDesk, appeal_routes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent: the page is not looked at")

SHAPES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
WHY = "We looked at the requests between 3 and 20 November, and a-very-long-word-" + "x" * 80


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One Chromium for all tests of the module."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--headless"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, AppealLinks]]:
    """The page on loopback."""
    with office(tmp_path_factory.mktemp("site")) as opened, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        links = AppealLinks(ServiceSecret(bytes(32)), f"http://127.0.0.1:{listening.getsockname()[1]}")
        desk = AppealDesk(opened.engine, opened.trail, links, provider="Example Models", clock=lambda: NOW)
        config = uvicorn.Config(Starlette(routes=appeal_routes(desk)), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        opened.tell(*(notice(n) for n in range(1, 9)))
        yield opened, links
        server.should_exit = True
        thread.join()


def looked_at(page: "Page") -> None:
    """Nothing is wider than the window, and every text has contrast enough."""
    assert page.evaluate(WIDER) == []
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize(("width", "scheme"), SHAPES)
def test_read_and_sent_without_a_script(
    browser: "Browser", site: tuple[Office, AppealLinks], width: int, scheme: str
) -> None:
    """In every shape the form is read, filled in by its labels, sent, answered and read again; nothing is fetched."""
    opened, links = site
    made = decision(1 + SHAPES.index((width, scheme)))
    told = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = told.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(links.appeal_url(made))
    looked_at(page)
    page.get_by_label("They are research or teaching").check()
    page.get_by_label("In your own words").fill(WORDS)
    page.get_by_label("Where we can ask back").fill("head@school.example")
    looked_at(page)
    page.get_by_role("button", name="Send the appeal").click()
    assert page.get_by_role("heading", level=1).inner_text() == "We have your appeal"
    looked_at(page)
    with opened.engine.begin() as connection:
        filed = appeal_against(connection, made.decision_id)
        assert filed is not None
        answer(connection, opened.trail, filed.appeal_id, Ruling(Outcome.DENIED, WHY, "bea"), NOW)
    page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "We keep the decision"
    looked_at(page)
    told.close()
    assert {url for url in asked if not url.startswith("data:")} == {links.appeal_url(made)}


def test_what_is_wrong_is_marked(browser: "Browser", site: tuple[Office, AppealLinks]) -> None:
    """A text that is too short comes back marked, with a way to it, and can be corrected and sent."""
    _, links = site
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(links.appeal_url(decision(6)))
    page.get_by_label("Something else").check()
    page.get_by_label("In your own words").fill("short")
    page.evaluate("document.querySelector('form').noValidate = true")
    page.get_by_role("button", name="Send the appeal").click()
    looked_at(page)
    assert page.get_by_role("alert").get_by_role("link").get_attribute("href") == "#statement"
    assert page.get_by_label("In your own words").input_value() == "short"
    assert page.get_by_label("Something else").is_checked()
    page.get_by_label("In your own words").fill(WORDS)
    page.get_by_role("button", name="Send the appeal").click()
    assert page.get_by_role("heading", level=1).inner_text() == "We have your appeal"
    page.close()


def test_works_with_the_browsers_scripts_off(browser: "Browser", site: tuple[Office, AppealLinks]) -> None:
    """A browser without scripts reads and sends the same page."""
    _, links = site
    told = browser.new_context(java_script_enabled=False)
    page = told.new_page()
    page.goto(links.appeal_url(decision(7)))
    page.locator("input[value=other]").check()
    page.locator("#statement").fill(WORDS)
    page.locator("button").click()
    assert "We have your appeal" in page.content()
    told.close()
