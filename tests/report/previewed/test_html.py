"""The page of a preview: whole, alone, safe, and readable in a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.act.preview.made import LADDER, OBSERVES, Told, blocks, judged, row, seen, stream, world
from tests.page import Page
from tests.report.test_page_in_browser import CHROMIUM, CONTRAST, WIDER

from stillwatch.act.policy.limits import Needs
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.compare import changes
from stillwatch.act.preview.figures import Later
from stillwatch.act.preview.judge import judge
from stillwatch.act.preview.preview import previewed
from stillwatch.model.decision import AccountFacts
from stillwatch.report.previewed import pictures, words
from stillwatch.report.previewed.html import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LADDERS = read_policy(LADDER, "ladder")
EVIL = '<script>alert(1)</script>\u202e"{{ 7*7 }}'


def page_of(seed: int = 4) -> str:
    """The page of a policy with all actions, against another."""
    rows, told = world(seed, 600, 40)
    policies = LADDERS, blocks("stream.bits > 40.0")
    taken = seen(rows, told, *policies)
    one, other = (judge(policy, taken) for policy in policies)
    return to_html(previewed(one), changes(other, one))


def test_the_page_is_whole() -> None:
    """All sections stand in it, every tag is closed, and the figures are those of the preview."""
    rows, told = world(4, 600, 40)
    found = previewed(judged(rows, told, LADDERS))
    page = Page(to_html(found))
    for head in ("How much it touches", "by rule", "Who is touched", "hardest cases", "touched wrongly", "have lost"):
        assert head in page.text
    assert words.NEEDS[found.needs].headline in page.text
    assert f"{found.touched.exchanges:,}" in page.text
    assert not page.open
    assert "What changes" not in page.text


def test_nothing_is_loaded_or_run() -> None:
    """The policy forbids everything but the page's own style; there is no script, no image and no link out."""
    page = Page(page_of())
    assert "script" not in page.tags
    csp = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert csp.startswith("default-src 'none'")
    assert not [value for _, name, value in page.attributes if name in {"src", "href"} and not value.startswith("#")]
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


def test_what_logs_hold_is_text() -> None:
    """Accounts, organisations, models, countries and programmes with markup in them are shown, not obeyed."""
    told = Told({EVIL: AccountFacts(9.0, EVIL, 2, EVIL)}, stream(EVIL))
    rows = [row(EVIL, i, 0, organisation_id=EVIL, model=EVIL, client_country=EVIL) for i in range(3)]
    text = to_html(previewed(judged(rows, told, blocks())))
    page = Page(text)
    assert "script" not in page.tags
    assert "<script>alert(1)" in page.text
    assert "\u202e" not in text
    assert "49" not in re.findall(r"\d+", page.text)


@pytest.mark.parametrize("policy", [read_policy(OBSERVES, "observes"), blocks("stream.bits > 1000000.0")])
def test_a_page_of_nothing_says_so(policy: Policy) -> None:
    """Nobody touched, and no accused stream at all."""
    rows, told = world(4, 100)
    assert "Nobody is touched" in Page(to_html(previewed(judged(rows, told, policy)))).text
    assert "No exchange of this traffic" in Page(to_html(previewed(judged([row("a", 0)], Told(), LADDERS)))).text


def test_rows_without_touched_exchanges_are_put_together() -> None:
    """Of twelve countries eleven are not touched: one row says how many and holds their exchanges."""
    rows = [row("a", i, 0 if i == 0 else -1, client_country=f"c{i:02}") for i in range(12)]
    page = Page(to_html(previewed(judged(rows, Told(streams=stream("a")), blocks()))))
    assert "11 others" in page.text
    assert "c05" not in page.text


def test_gauges_point_into_their_zone() -> None:
    """At the limits the needle stands on the border, within them between."""
    places = [pictures._place(share, 0.02, 0.25) for share in (0.0, 0.01, 0.02, 0.1, 0.25, 0.8, 1.0)]
    assert places == sorted(places)
    assert places[0] == 0.0
    assert (places[2], places[4]) == pytest.approx((0.45, 0.8))
    assert places[6] < 1.0
    assert pictures._place(1.0, 0.0, 1.0) <= 1.0


def test_the_axis_of_a_loss_fits_it() -> None:
    """A loss of under a per cent fills the picture of a per cent, not that of everything."""
    later = previewed(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks())).effects[0].later
    assert "100 %" in pictures.loss(later, None)
    small = [replace(one, exchanges=0.004, output_tokens=None) for one in later]
    assert "1.0 %" in pictures.loss(small, None)
    assert "50 %" in pictures.loss(small, Later(later[0].after, 0.45, None))


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
    path = tmp_path / "preview.html"
    path.write_text(page_of(), encoding="utf-8")
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


def test_refused_is_said_first() -> None:
    """The verdict stands before everything else."""
    rows = [row("a", i, 0) for i in range(10)]
    found = previewed(judged(rows, Told(streams=stream("a")), blocks()))
    assert found.needs is Needs.REFUSED
    text = Page(to_html(found)).text
    assert text.index("Refused") < text.index("How much it touches")
