"""Every page that can be reached, in Chromium: accessible, quiet, of this origin alone, and as wide as its window."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import axe_playwright_python
import pytest
from starlette.applications import Starlette
from starlette.routing import Match, Route
from tests.console.browser.lived_in import PROMPTS, lived_in
from tests.console.conftest import USERS, Rig
from tests.report.examples import example_findings

from stillwatch.console.access.cookies import COOKIE
from stillwatch.console.visit import at as path_at
from stillwatch.service.rehearsal.behind_http import bound, running

from .analyst import Analyst, analyst

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
CHECK = """async () => { const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')); }"""
WIDER = """() => document.documentElement.scrollWidth > window.innerWidth + 1 ? [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-3).map(e => e.outerHTML.slice(0, 90)) : []"""
MOST_OF_A_KIND = 1
"""Pages of one route, and of one route with a query, that are gone on to; the others differ in their rows."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, chromium: "Browser") -> Iterator[Rig]:
    """A console with something of everything."""
    assert chromium
    with lived_in(tmp_path_factory.mktemp("lived-in")) as made:
        yield made


@pytest.fixture(scope="module")
def base(rig: Rig) -> Iterator[str]:
    """Where it is served."""
    with bound() as place, running(rig.app, place) as port:
        yield f"http://127.0.0.1:{port}"


def entered(chromium: "Browser", base: str, rig: Rig, name: str) -> Analyst:
    """Somebody who is logged in."""
    found = analyst(chromium, base)
    held = rig.as_(name).client.cookies[COOKIE]
    found.page.context.add_cookies([{"name": COOKIE, "value": held, "url": f"{base}/console"}])
    return found


def links(page: "Page", base: str) -> list[str]:
    """Paths of ours that a page leads to; downloads and the public page are no pages of the console."""
    hrefs = page.eval_on_selector_all("a[href]:not([download])", "found => found.map(a => a.getAttribute('href'))")
    parts = [urlsplit(urljoin(page.url, href)) for href in hrefs]
    ours = [p for p in parts if p.netloc == urlsplit(base).netloc and re.match(r"/console(/|$)", p.path)]
    return list(dict.fromkeys(f"{p.path}{'?' if p.query else ''}{p.query}" for p in ours))


def kind(app: Starlette, path: str) -> tuple[str, bool]:
    """Route that a path is of, and whether it has a query."""
    told, _, query = path.partition("?")
    for route in app.routes:
        scope = {"type": "http", "path": told, "method": "GET", "root_path": ""}
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return route.path, bool(query)
    return told, bool(query)


def crawl(who: Analyst, rig: Rig) -> Iterator[tuple[str, int]]:
    """Pages that can be reached from the first one, each with its status, while it is open."""
    waiting, seen, counts = ["/console"], {"/console"}, Counter[tuple[str, bool]]()
    while waiting:
        path = waiting.pop(0)
        answer = who.page.goto(who.base + path)
        assert answer is not None
        yield path, answer.status
        for link in links(who.page, who.base):
            of = kind(rig.app, link)
            if link not in seen and counts[of] < MOST_OF_A_KIND:
                counts[of] += 1
                seen.add(link)
                waiting.append(link)


def look(page: "Page") -> list[str]:
    """What is wrong with an open page, at two widths, by day and by night."""
    found: list[str] = []
    page.evaluate(AXE)
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{width} {scheme}: {told}" for told in page.evaluate(CHECK)]
        found += [f"{width}: wider: {told}" for told in page.evaluate(WIDER)]
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


@pytest.mark.parametrize("name", USERS)
def test_every_page(name: str, rig: Rig, base: str, chromium: "Browser") -> None:
    """No page of any role is broken, wide, loud or closed to anybody; whatever it links to is there and allowed."""
    who = entered(chromium, base, rig, name)
    wrong: dict[str, list[str]] = {}
    n = 0
    for path, status in crawl(who, rig):
        n += 1
        told = [] if status == 200 else [f"status {status}"]
        told += look(who.page) if name == "bea" or path.startswith("/console/settings") else []
        told += who.wrong
        who.wrong.clear()
        if told:
            wrong[path] = told
    assert n > 10
    assert not wrong, "\n".join(f"{path}: {one}" for path, told in wrong.items() for one in told)


@pytest.mark.parametrize("at", range(len(PROMPTS)))
def test_whatever_a_prompt_holds_is_shown_as_text(at: int, rig: Rig, base: str, chromium: "Browser") -> None:
    """Markup runs nothing, templates compute nothing, hidden characters are seen, a long line makes no page wider."""
    ada = entered(chromium, base, rig, "ada")
    asked: list[str] = []
    ada.page.on("dialog", lambda dialog: asked.append(dialog.message))
    row = rig.console.shelf.exchanges(example_findings().campaigns[0].campaign_id, 0, len(PROMPTS)).rows[at]
    ada.go(path_at("campaigns", example_findings().campaigns[0].campaign_id, "exchanges", row["exchange_id"]))
    assert PROMPTS[at][:20] not in ada.page.content()
    ada.fill("#reason", "how is it shown?")
    ada.click("button:has-text('Reveal this one')")
    shown = ada.page.locator("[aria-label=Prompt]").text_content() or ""
    assert shown.count("x") >= 50_000 or visible_in(PROMPTS[at], shown)
    ada.page.set_viewport_size({"width": 390, "height": 900})
    assert ada.page.evaluate(WIDER) == []
    assert (asked, ada.wrong) == ([], [])


def visible_in(prompt: str, shown: str) -> bool:
    """Whether all that can be seen of a prompt is shown, and what cannot as its code."""
    plain = [c for c in prompt if c.isprintable() and not c.isspace()]
    return all(c in shown for c in plain) and ("\u202e" not in prompt or "U+202E" in shown)
