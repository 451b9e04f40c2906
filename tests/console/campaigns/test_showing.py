"""The page of a campaign: everything that was found, for whoever may see it, and hostile text as text."""

import itertools
from dataclasses import replace
from urllib.parse import quote

import pytest
from sqlalchemy import insert, update
from tests.console.conftest import NOW, Rig
from tests.report.examples import HOSTILE, empty_findings, example_findings

from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.console.campaigns.beside import side_by_side
from stillwatch.console.campaigns.hours import over_time
from stillwatch.report import write_findings
from stillwatch.service.cases import note_findings

PAGE = "/console/campaigns/{}"


@pytest.mark.parametrize("campaign", [one for one in example_findings().campaigns if "/" not in one.campaign_id])
def test_every_verdict_has_its_page(standing: Rig, campaign: object) -> None:
    """With its reasons, evidence, streams and a table behind each picture; no inline script or style."""
    name = campaign.campaign_id  # type: ignore[attr-defined]
    text = standing.as_("ada").get(PAGE.format(name)).text
    for words in ("Why it is called so", "What would change this verdict", "Evidence, family by family", "Streams"):
        assert words in text
    assert text.count("<details") >= 3
    assert " style=" not in text
    assert "<script>" not in text


def test_hostile_text_of_a_campaign_is_text(rig: Rig) -> None:
    """Templates, ids of accounts, models, what is shared, kinds of the reference."""
    made = example_findings()
    hostile = replace(made.campaigns[1], campaign_id="c-hostile")
    write_findings(replace(made, campaigns=(hostile,)), rig.home.findings)
    for path in (PAGE.format("c-hostile"), PAGE.format("c-hostile/streams"), "/console/campaigns", "/console"):
        text = rig.as_("ada").get(path).text
        assert "<script>alert" not in text, path
        assert "<img src=http" not in text, path
        assert not {"\u202e", "\u200b", "\x1b", "\x00"} & set(text), path
    assert "\\u202e" not in rig.as_("ada").get(PAGE.format("c-hostile/graph")).text.lower()


@pytest.mark.parametrize(
    "name", ["c-none", "C-RELAY00017", "c-relay0001", "%2e%2e", "%00", "x" * 501, quote(HOSTILE, "")]
)
def test_what_is_no_campaign(standing: Rig, name: str) -> None:
    """Whatever it is called: there is no such page, and its name is text."""
    answer = standing.as_("ada").get(PAGE.format(name))
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_forms_are_for_those_who_may_work(standing: Rig) -> None:
    """A viewer and an admin see the page without them; nobody takes a case that there is not."""
    for name, may in (("vera", False), ("alma", False), ("ada", True), ("bea", True)):
        text = standing.as_(name).get(PAGE.format("c-relay00017")).text
        assert ("Take it" in text) is may
        assert ("Keep the note" in text) is may
        assert ('name="form"' in text) is may
    assert "Take it" not in standing.as_("ada").get(PAGE.format("c-tool000001")).text


def test_a_campaign_that_is_found_no_more(rig: Rig) -> None:
    """What is kept of its case is shown, and a note can still be added."""
    write_findings(empty_findings(), rig.home.findings)
    ada = rig.as_("ada")
    text = ada.get(PAGE.format("c-relay00017")).text
    assert "no longer hold this campaign" in text
    assert "The note is kept." in ada.send(PAGE.format("c-relay00017/note"), text="Seen.").text
    assert ada.get(PAGE.format("c-tool000001")).status_code == 404


def test_a_campaign_that_became_part_of_another(rig: Rig) -> None:
    """Its old address leads on, and says why."""
    with rig.home.engine.begin() as connection:
        connection.execute(insert(CASE_ALIASES).values(alias="c-old", case_id="c-relay00017"))
    answer = rig.as_("vera").get(PAGE.format("c-old"))
    assert answer.url.path == PAGE.format("c-relay00017")
    assert "c-old became part of this campaign" in answer.text


def test_today_names_what_waits(rig: Rig) -> None:
    """Campaigns nobody has looked at, and mine; after they are taken by others nothing of them."""
    ada = rig.as_("ada")
    assert "campaigns nobody has looked at yet" in ada.get("/console").text
    ada.send(PAGE.format("c-relay00017/assign"), seen="1")
    assert "case is yours" in ada.get("/console").text
    assert "case is yours" not in rig.as_("bea").get("/console").text
    with rig.home.engine.begin() as connection:
        connection.execute(update(CASES).values(state="closed", closed_why="ended"))
    text = ada.get("/console").text
    assert "Nothing waits" in text
    assert "No campaign is open" in text
    assert note_findings(rig.home.engine, rig.home.trail, rig.home.findings, NOW) is not None


def test_the_nearest_legitimate_family() -> None:
    """Test by test; what could not be judged says so instead of a number; without a neighbour there is none."""
    family = example_findings().campaigns[3].families[0]
    found = side_by_side(family)
    assert [row.this == "not judged" for row in found.rows] == [
        effect.value != effect.value for effect in family.effects
    ]
    assert found.kind
    assert side_by_side(replace(family, nearest=())).kind == ""
    judged = [row for row in found.rows if row.this != "not judged"]
    assert all(row.picture is not None and row.bits != "–" for row in judged)


def test_exchanges_over_time_add_up() -> None:
    """The last row holds all of them, rows follow one another, and there are a few hundred at most."""
    for campaign in example_findings().campaigns:
        rows = over_time(campaign).rows
        assert rows[-1][2] == sum(n for _, n, _ in rows) == sum(n for _, n in campaign.timeline)
        assert len(rows) <= 180
        assert len({b[0] - a[0] for a, b in itertools.pairwise(rows)}) <= 1
