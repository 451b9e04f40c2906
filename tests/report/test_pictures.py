"""Pictures hold what they show, at the right places, and stay well-formed whatever the names are."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.campaign import Campaign, Effect
from stillwatch.report.pictures import svg
from stillwatch.report.pictures.heatmap import MOST_ROWS, heatmap
from stillwatch.report.pictures.hours import bin_hours, day_ticks
from stillwatch.report.pictures.rows import Scale, bar, effect_row
from stillwatch.report.pictures.sharing import hubs, sharing
from stillwatch.report.pictures.timeline import lanes, timeline

from .examples import example_findings

START = datetime(2026, 3, 2, 5, 17, tzinfo=UTC)
HARVEST, HOSTILE_CAMPAIGN = example_findings().campaigns[:2]


def parsed(text: str) -> ET.Element:
    """Picture as a tree; ill-formed text raises."""
    return ET.fromstring(text)  # noqa: S314 (our own text)


@pytest.mark.parametrize("campaign", [HARVEST, HOSTILE_CAMPAIGN], ids=["ordinary", "hostile"])
def test_pictures_are_well_formed_and_named(campaign: Campaign) -> None:
    """Each is XML, an image with a name to read out, and holds no element from the logs."""
    drawn = [timeline(campaign), heatmap(campaign), sharing(campaign), lanes([campaign])]
    for text in drawn:
        assert text is not None
        tree = parsed(text)
        assert tree.get("role") == "img"
        assert tree.get("aria-label")
        assert {e.tag for e in tree.iter()} <= {"svg", "path", "rect", "line", "circle", "text", "title"}


@given(st.text())
def test_attributes_and_text_are_escaped(text: str) -> None:
    """Any text stays text, in an attribute and between tags."""
    shown = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "", text).replace("\r", "")
    tree = parsed(svg.element("text", svg.tooltip(shown), aria_label=shown.replace("\n", " ").replace("\t", " ")))
    assert tree[0].text in (shown, None)
    assert len(list(tree.iter())) == 2


@given(st.integers(0, 24 * 900), st.lists(st.tuples(st.integers(0, 24 * 900), st.integers(1, 99)), max_size=30))
def test_bins_keep_every_exchange(span_h: int, hours: list[tuple[int, int]]) -> None:
    """Whatever the span, exchanges inside it are all counted and bars stay few."""
    rows = [(START + timedelta(hours=h), n) for h, n in hours if h <= span_h]
    bins = bin_hours(rows, START, START + timedelta(hours=span_h))
    assert sum(bins.counts) == sum(n for _, n in rows)
    assert len(bins.counts) <= 181
    assert bins.end > START + timedelta(hours=span_h) - timedelta(hours=1)


@pytest.mark.parametrize("days", [0, 1, 2, 3, 14, 45, 400])
def test_ticks_are_few_and_in_order(days: int) -> None:
    """A time axis has at most seven labels, from left to right."""
    places = [x for x, _ in day_ticks(START, START + timedelta(days=days, hours=1))]
    assert 1 <= len(places) <= 7
    assert places == sorted(places)
    assert all(0 <= x <= 1 for x in places)


def test_heat_map_draws_every_busy_cell() -> None:
    """One cell per account and hour with traffic, none for the others."""
    cells = sum(path.get("d", "").count("M") for path in parsed(heatmap(HARVEST)).iter("path"))
    assert cells == sum(n > 0 for row in HARVEST.heatmap[:MOST_ROWS] for n in row)


def test_shared_attributes_are_what_two_accounts_have() -> None:
    """An attribute of one account is not shared; without any there is no picture."""
    campaign = replace(HARVEST, graph_edges=(("a", "payment=x", 1), ("b", "payment=x", 2), ("b", "asn=7", 1)))
    assert [(hub.attribute, sorted(hub.weights)) for hub in hubs(campaign)] == [("payment=x", ["a", "b"])]
    assert sharing(replace(HARVEST, graph_edges=(("a", "payment=x", 1),))) is None


def test_empty_campaigns_are_drawn() -> None:
    """No traffic and no accounts: still pictures."""
    empty = replace(HARVEST, timeline=(), heatmap=(), heatmap_accounts=(), last_seen=HARVEST.first_seen)
    parsed(timeline(empty))
    parsed(heatmap(empty))


def test_a_bar_lies_where_its_numbers_say() -> None:
    """Start and width in per cent follow the scale; the dashed line stands at the bar."""
    tree = parsed(bar(Scale(0.0, 40.0), 10.0, 30.0, "for", 14.0))
    rect = tree.find("rect")
    dashed = [line for line in tree.iter("line") if line.get("class") == "bar-line"]
    assert rect is not None
    assert (rect.get("x"), rect.get("width")) == ("25%", "50%")
    assert dashed[0].get("x1") == "35%"


def test_an_effect_is_drawn_against_its_reference() -> None:
    """Dot at the effect, line over twice its error, band over the legitimate range when there is one."""
    tree = parsed(effect_row(Effect("ti", 0.5, 0.1, 2.0, 0.5, 1.0)))
    dot, band = tree.find("circle"), tree.find("rect")
    assert dot is not None
    assert band is not None
    assert (dot.get("cx"), dot.get("class")) == ("50%", "value for")
    left, width = (float(str(band.get(name)).rstrip("%")) for name in ("x", "width"))
    assert left == 50
    assert 1 - (left + width) / 100 == pytest.approx(0.06 / 1.12, abs=1e-3)
    assert str(tree.get("aria-label")).endswith("90 % of legitimate families lie from 0.50 to 1.00")
    assert parsed(effect_row(Effect("ti", 0.4, 0.1, -2.0))).find("rect") is None


def test_narrow_ranges_can_be_seen() -> None:
    """A legitimate range of a few hundredths takes a fair part of the picture, and noise about zero does not."""
    band = parsed(effect_row(Effect("loc", 0.01, 0.002, 1.0, -0.018, 0.051))).find("rect")
    assert band is not None
    assert float(str(band.get("width")).rstrip("%")) > 30
    line = parsed(effect_row(Effect("loc", 0.0, 0.001, 0.0))).find("circle")
    assert line is not None
    assert float(str(line.get("cx")).rstrip("%")) < 10


def test_effects_beyond_the_axis_stay_inside() -> None:
    """An unusual effect stretches the axis instead of leaving it, and zero stays on it."""
    for value in (-3.0, 9.0):
        dot = parsed(effect_row(Effect("se", value, 0.1, 0.0))).find("circle")
        assert dot is not None
        assert float(str(dot.get("cx")).rstrip("%")) == pytest.approx(0 if value < 0 else 100, abs=12)
