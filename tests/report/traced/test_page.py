"""The page of a test of a suspect: whole, alone, safe, and readable in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.page import Page
from tests.report.test_page_in_browser import CHROMIUM, CONTRAST, WIDER
from tests.report.traced.sample import HOSTILE, KEY, report, with_subject

from stillwatch.model.trace_report import Finding
from stillwatch.report.traced.html import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_page_is_whole() -> None:
    """Null, population, multiplicity, tests, counts and limits stand in it, and every tag is closed."""
    page = Page(to_html(report()))
    told = report()
    for words in (told.null, told.population, told.multiplicity, *told.limits, *told.apart, told.answer):
        assert words in page.text
    for words in ("Found", "acct-0017", "5.8e-131", "1,180", "42 %", KEY.commitment, "committed to 1 Nov 2026"):
        assert words in page.text
    assert KEY.secret.hex() not in page.text
    assert not page.open


@pytest.mark.parametrize("finding", list(Finding))
def test_a_page_of_nothing_says_so(finding: Finding) -> None:
    """Without tests, keys, decoys and estimates the page is shorter and still whole."""
    bare = replace(report(), finding=finding, tests=(), ranked=(), n_tests=0, null_runs=(), intervals=(), keys=())
    page = Page(to_html(replace(bare, inputs=(), apart=())))
    assert "Nothing could be tested" in page.text
    assert "Keys that found" not in page.text
    assert not page.open


def test_what_names_hold_is_text() -> None:
    """A name with markup, templates, control and direction characters is shown, not obeyed."""
    text = to_html(with_subject(HOSTILE))
    page = Page(text)
    assert "script" not in page.tags
    assert "<script>alert(1)" in page.text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "49" not in re.findall(r"\d+", page.text)


def test_nothing_is_loaded_or_run() -> None:
    """The policy forbids everything but the page's own style; there is no script, image or link out."""
    page = Page(to_html(report()))
    csp = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert csp.startswith("default-src 'none'")
    assert not [value for _, name, value in page.attributes if name in {"src", "href"} and not value.startswith("#")]
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One Chromium for all tests of the module."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: the page is not looked at")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--headless"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_can_be_read(browser: "Browser", tmp_path: Path, width: int, scheme: str) -> None:
    """Nothing is asked for, nothing sticks out, and every text has the contrast that WCAG asks for."""
    path = tmp_path / "trace.html"
    path.write_text(to_html(report()), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert page.evaluate(WIDER) == []
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.close()
