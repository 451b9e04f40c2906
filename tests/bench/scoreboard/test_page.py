"""The page and the README's table and picture: self-contained, complete, and readable without a script."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from tests.page import Page
from tests.report.test_page_in_browser import CHROMIUM, CONTRAST, WIDER

from stillwatch.bench.scoreboard.page import to_html
from stillwatch.bench.scoreboard.pictures import readme_picture
from stillwatch.bench.scoreboard.results import Board, Setup
from stillwatch.bench.scoreboard.tables import leaks, markdown, scenarios
from stillwatch.bench.scoreboard.write import check_out, write_board
from stillwatch.errors import InvalidInput

from .boards import HOSTILE, example_board, headline

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def page() -> Page:
    """The page of the example."""
    return Page(to_html(example_board()))


def test_the_page_is_whole_and_loads_nothing(page: Page) -> None:
    """Tags balance, nothing hostile becomes markup, links stay inside and lead somewhere."""
    assert page.open == []
    assert not {"script", "img", "iframe", "link", "form"} & set(page.tags)
    assert "<script>alert('x')" in page.text
    names = [value for _, name, value in page.attributes if name == "id"]
    links = [value for _, name, value in page.attributes if name in {"href", "src"}]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(names)
    assert len(names) == len(set(names))
    assert ("meta", "http-equiv", "Content-Security-Policy") in page.attributes


def test_every_part_is_there_zeros_and_failures_too(page: Page) -> None:
    """What failed, what did not run, what was not found, and who was accused wrongly are all told."""
    for words in (
        "5 of 6",
        "0 of 3",
        "missed: not reported at all",
        "second-classrooms",
        "not run: extra 'embed' is not installed",
        "1 step failed",
        "campaigns 2: seat",
        "1 of 1 1.5 % 15 6",
        "0 of 1 100 % 1.0 k never",
        "minimum 2",
    ):
        assert words in page.text, words


def test_every_picture_has_a_name_and_a_table(page: Page) -> None:
    """Pictures are read out by name, and the same numbers stand in a table beside each."""
    pictures = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(pictures) == 3
    assert page.text.count("The same as a table") == 3


def test_scrolling_tables_can_be_reached_by_keyboard(page: Page) -> None:
    """Every box that scrolls takes the focus and has a name."""
    boxes = page.tags.count("div")
    regions = [value for tag, name, value in page.attributes if (tag, name) == ("div", "role")]
    focus = [value for tag, name, value in page.attributes if (tag, name) == ("div", "tabindex")]
    labels = [value for tag, name, value in page.attributes if (tag, name) == ("div", "aria-label")]
    assert boxes > len(regions) > 4
    assert len(regions) == len(focus) == len(labels) == len(set(labels))


def test_an_empty_board_makes_a_page() -> None:
    """Nothing played, everything failed: still a page that says so."""
    setup = Setup("0.1.0", (1,), 0.05, "second", (), "grammar", "none", float("nan"), "now", 0.1, 2)
    page = Page(to_html(Board(setup, (), (), (), (), (), (), (), (), {})))
    assert page.open == []
    assert "What was run" in page.text
    assert leaks(Board(setup, (), (), (), (), (), (), (), (), {})) == []


def test_scenarios_tell_the_worst_seed_and_the_best_baseline() -> None:
    """Means over seeds, with the baseline that found most accounts."""
    drip, paraphrase = scenarios(example_board())
    assert (drip.n_found, drip.best_rival) == (3, "volume")
    assert drip.best_rival_recall == pytest.approx(0.95)
    assert (paraphrase.n_found, paraphrase.worst) == (0, "missed: not reported at all")


def test_markdown_is_the_headline() -> None:
    """Most recall first, ours bold wherever that is, every row as wide as the head."""
    board = example_board()
    lines = markdown(board).strip().splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["campaigns", "---", "**stillwatch**", "fraudar", "volume"]
    assert len({line.count("|") for line in lines}) == 1
    assert "5 of 6 (0.450 to 0.990)" in lines[2]
    beaten = replace(board, headlines=(*board.headlines, headline("campaigns", "seat", 0.95)))
    assert markdown(beaten).splitlines()[2].startswith("| seat |")


def test_the_picture_stands_alone() -> None:
    """Well-formed, with its own colours for light and dark, and nothing from elsewhere."""
    text = readme_picture(example_board())
    assert text is not None
    root = ET.fromstring(text)  # noqa: S314 (written by ourselves a line ago)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"url\(|href|<script", text)
    assert "stillwatch" in "".join(root.itertext())


def test_files_are_written_and_other_folders_spared(tmp_path: Path) -> None:
    """JSON without numbers that do not exist, the page beside it, and no file of somebody else replaced."""
    path = write_board(example_board(), tmp_path / "b", tmp_path / "p.svg")
    content = json.loads((tmp_path / "b" / "scoreboard.json").read_text())
    assert content["format_version"] == 1
    assert content["leaks"][1]["hours"] is None
    assert content["setup"]["reference"] == HOSTILE
    assert path.read_text() == to_html(example_board())
    assert (tmp_path / "p.svg").is_file()
    check_out(tmp_path / "b")
    (tmp_path / "b" / "scoreboard.json").unlink()
    with pytest.raises(InvalidInput, match="other files"):
        check_out(tmp_path / "b")
    with pytest.raises(InvalidInput, match="is a file"):
        check_out(tmp_path / "p.svg")


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent: the page is not looked at")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_fits_and_can_be_read(browser: "Browser", tmp_path: Path, width: int, scheme: str) -> None:
    """Nothing is fetched, nothing sticks out, and all text has contrast enough.

    Text inside pictures is left out: what it stands on is drawn, not a background that the check could see.
    """
    path = tmp_path / "scoreboard.html"
    path.write_text(to_html(example_board()), encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=False,
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [poor for poor in page.evaluate(CONTRAST) if not poor.startswith("text.")] == []
    page.close()
