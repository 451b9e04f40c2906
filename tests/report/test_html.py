"""The page: self-contained, safe, complete, and readable without a script."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.page import Page

from stillwatch.model.campaign import Effect, NearestFamily
from stillwatch.report.html import to_html
from stillwatch.report.pictures.heatmap import MOST_ROWS

from .examples import BAR_BITS, empty_findings, example_findings


@pytest.fixture(scope="module")
def page() -> Page:
    """The page of the example."""
    return Page(to_html(example_findings()))


def test_tags_are_balanced(page: Page) -> None:
    """Every element is closed, in order, whatever the templates hold."""
    assert page.open == []
    assert Page(to_html(empty_findings())).open == []


def test_nothing_from_the_logs_becomes_markup(page: Page) -> None:
    """No script, image, frame or handler; every tag is one that the templates write."""
    assert not {"script", "img", "iframe", "object", "embed", "link", "form", "base"} & set(page.tags)
    assert [a for a in page.attributes if a[1].startswith("on")] == []
    assert "<script>alert('x')" in page.text
    assert "{{ 7*7 }}" in page.text


def test_nothing_is_loaded(page: Page) -> None:
    """No address outside the page, and a policy that forbids loading any."""
    places = [value for _, name, value in page.attributes if name in {"href", "src", "srcset", "action", "xlink:href"}]
    assert places
    assert all(place.startswith("#") for place in places)
    style = re.search(r"<style>(.*?)</style>", to_html(empty_findings()), re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert ("meta", "http-equiv", "Content-Security-Policy") in page.attributes


def test_links_lead_somewhere_and_names_are_unique(page: Page) -> None:
    """Every link inside the page has its target, and every referred label exists once."""
    names = [value for _, name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))
    wanted = [value.lstrip("#") for _, name, value in page.attributes if name in {"href", "aria-labelledby"}]
    assert set(wanted) <= set(names)


def test_hidden_characters_are_shown(page: Page) -> None:
    """Direction overrides, zero widths and escapes are written as codes and appear nowhere as themselves."""
    raw = to_html(example_findings())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028]", raw)
    assert "U+202E" in page.text


def test_everything_is_said(page: Page) -> None:
    """Each part of a finding is on the page, in words."""
    for part in (
        "2 harvest, 1 unclear and 1 relay campaigns in 709,307 exchanges of 38,633 accounts",
        "3 groups look legitimate: 1 related, 1 evaluation and 1 tool",
        "709,312 rows read = 709,307 kept + 2 quarantined + 3 duplicates",
        "Default reference: calibrate on your own traffic",
        "not to act",
        "looks like harvesting",
        "What would change it",
        "Streams are accused, not accounts",
        "38,112 different texts",
        "Which legitimate use looks closest",
        "Benchmark runs: not alike (distance 3.4)",
        "Structure tests",
        "How the score adds up",
        "legitimate 0.11 to 0.61",
        "By capability",
        "Table by account",
        "Moon phase",
        "not judged",
        "more streams are in streams.parquet",
        "more characters are in campaigns.json",
    ):
        assert part in page.text, part


def test_the_waterfall_ends_at_the_score() -> None:
    """Steps of a family add up to its score, which is compared with the bar."""
    text = Page(to_html(example_findings())).text
    steps = re.search(r"How the score adds up, bits.*?score ([−\d.]+)", text)
    assert steps
    assert steps[1] == "41.3"
    numbers = [float(n.replace("−", "-")) for n in re.findall(r" ([+−]\d+\.\d)", steps[0])]
    assert sum(numbers) == pytest.approx(41.3, abs=0.06 * len(numbers))
    assert f"bar {BAR_BITS}" in text


def test_pictures_have_tables_behind_them(page: Page) -> None:
    """Numbers of timeline, heat map and graph can be read without seeing."""
    harvest = example_findings().campaigns[0]
    assert page.tags.count("details") >= 3 * 7
    assert all(account in page.text for account in harvest.heatmap_accounts[:MOST_ROWS])
    images = [value for tag, name, value in page.attributes if tag == "svg" and (name, value) == ("role", "img")]
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(images) == len(labels)
    assert all(labels)


def test_headings_do_not_skip_levels(page: Page) -> None:
    """One first heading, and no jump downwards by more than one."""
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_pressing_campaigns_come_first_and_the_rest_is_folded() -> None:
    """Harvest, unclear and relay have open sections in that order; what looks legitimate is folded and linked."""
    raw = to_html(example_findings())
    shown = re.findall(r'<section class="card campaign edge-(\w+)" id="(campaign-\d+)"', raw)
    folded = re.findall(r'<details class="fold" id="(campaign-\d+)">', raw)
    assert [verdict for verdict, _ in shown] == ["harvest", "harvest", "unclear", "relay"]
    assert [name for _, name in shown] + folded == [f"campaign-{i}" for i in range(1, 8)]
    assert raw.index('id="settled"') > raw.index('id="campaign-4"')


def test_families_of_one_size_and_score_are_shown_once() -> None:
    """Views that find the same family twice do not fill the page; it says how many there are."""
    findings = example_findings()
    first = findings.campaigns[0]
    twin = replace(first.families[0], family_id="f-twin", view="linked", template=())
    campaign = replace(first, families=(twin, *first.families))
    text = Page(to_html(replace(findings, campaigns=(campaign,)))).text
    assert "f-twin" not in text
    assert "1 more family has the same size and score" in text


def test_an_effect_without_error_is_not_judged() -> None:
    """Zero with an error of zero was not measured: it is said so and not drawn."""
    findings = example_findings()
    first = findings.campaigns[0]
    family = replace(first.families[0], effects=(Effect("rep", 0.0, 0.0, 0.0, 0.0, 0.4),))
    text = Page(to_html(replace(findings, campaigns=(replace(first, families=(family,)),)))).text
    assert "not judged" in text
    assert "0.00 ±" not in text


def test_the_closest_legitimate_use_is_that_of_the_strongest_family() -> None:
    """A weak family that was linked in does not make a campaign look like something else."""
    findings = example_findings()
    first = findings.campaigns[0]
    weak = replace(first.families[1], nearest=(NearestFamily("viral", 0.1, (), ()),))
    campaign = replace(first, families=(first.families[0], weak))
    text = Page(to_html(replace(findings, campaigns=(campaign,)))).text
    section = text[text.rindex("The best objection") :]
    assert "viral prompt" not in section
    assert "Night shift: hard to tell apart" in section


def test_only_legitimate_groups() -> None:
    """Without anything to look into, the page says so and still lists what looks legitimate."""
    findings = example_findings()
    text = Page(to_html(replace(findings, campaigns=findings.campaigns[-1:]))).text
    assert "Nothing to look into in 709,307 exchanges" in text
    assert "1 group looks legitimate: 1 tool" in text


def test_an_empty_scan_has_a_page() -> None:
    """Nothing found is said plainly, with the counts and without a warning that does not apply."""
    text = Page(to_html(empty_findings())).text
    assert "No campaign was found in 10 exchanges" in text
    assert "10 rows read = 10 kept + 0 quarantined + 0 duplicates" in text
    assert "calibrate" not in text


def test_the_page_is_the_same_every_time() -> None:
    """Two renderings of the same findings are equal."""
    assert to_html(example_findings()) == to_html(example_findings())
