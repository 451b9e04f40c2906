"""The page of a recorded preview: pictures with the tables behind them."""

import io
from datetime import timedelta

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from tests.act.preview.made import judged, world
from tests.console.conftest import NOW, Rig
from tests.console.policies.made import DRAWN, ENOUGH, HUGE, LARGE, OTHER, POLICY, added, drawn, seen

from stillwatch.act.preview.preview import previewed

PAGE = f"/console/policies/{DRAWN.version}/previews"
FOUND = previewed(judged(*world(4), DRAWN))


@pytest.fixture(autouse=True)
def versions(rig: Rig) -> None:
    """They are there."""
    added(rig, DRAWN, POLICY, OTHER)


def test_pictures_and_figures(rig: Rig) -> None:
    """Shares against limits, bars by verdict and action, loss: each drawn, each with its table."""
    number = drawn(rig)
    page = rig.as_("vera").get(f"{PAGE}/{number}").text
    assert page.count('class="picture"') == 4
    assert "act-block" in page
    assert "Who gets what, by verdict" in page
    assert f"{FOUND.touched.exchanges:,}" in page
    assert "no accused stream" in page
    assert "style=" not in page


def test_who_must_stand_behind_it(rig: Rig) -> None:
    """One person, two, or nobody may: as the limits say."""
    browser = rig.as_("vera")
    mine = f"/console/policies/{POLICY.version}/previews"
    for shares, words in ((None, "May be activated by one"), (LARGE, "Needs a second person"), (HUGE, "Refused")):
        number = seen(rig, POLICY, shares)
        assert words in browser.get(f"{mine}/{number}").text


def test_figures_that_are_of_another_form(rig: Rig) -> None:
    """Shares and limits are drawn all the same, and it is said why the rest is not; no table can be had."""
    number = seen(rig, POLICY)
    path = f"/console/policies/{POLICY.version}/previews/{number}"
    page = rig.as_("vera").get(path).text
    assert "kept no figures that can be drawn" in page
    assert page.count('class="picture"') == 3
    assert rig.as_("vera").get(f"{path}/table/bands?as=csv").status_code == 404


def test_what_it_cannot_carry_is_said(rig: Rig) -> None:
    """Too old, too little traffic, thin traffic."""
    browser = rig.as_("vera")
    path = f"/console/policies/{POLICY.version}/previews"
    assert "Too old." in browser.get(f"{path}/{seen(rig, POLICY, at=NOW - timedelta(days=9))}").text
    few = {"traffic": {"exchanges": 90, "organisations": 9}}
    assert "Too little traffic." in browser.get(f"{path}/{seen(rig, POLICY, figures=few)}").text
    short = seen(rig, POLICY, figures=ENOUGH, span=timedelta(hours=2))
    assert "Thin traffic." in browser.get(f"{path}/{short}").text


def test_tables_can_be_taken(rig: Rig) -> None:
    """CSV and Parquet hold what the pictures show; places are not in them."""
    path, browser = f"{PAGE}/{drawn(rig)}/table", rig.as_("vera")
    bands = pacsv.read_csv(io.BytesIO(browser.get(f"{path}/bands?as=csv").content)).to_pylist()
    assert {row["by"] for row in bands} == {"verdict", "tenure", "verified level", "spend band"}
    assert sum(row["touched_exchanges"] for row in bands if row["by"] == "verdict") == FOUND.touched.exchanges
    rules = pq.read_table(io.BytesIO(browser.get(f"{path}/rules?as=parquet").content)).to_pylist()
    assert sum(row["exchanges"] for row in rules) == FOUND.traffic.exchanges
    assert len(browser.get(f"{path}/loss?as=csv").text.splitlines()) == 1 + len(FOUND.effects[0].later)
    assert "traffic" in browser.get(f"{path}/limits?as=csv").text
    assert browser.get(f"{path}/others?as=csv").status_code == 404
    assert browser.get(f"{path}/rules?as=xls").status_code == 404


def test_missing(rig: Rig) -> None:
    """A number that is none, that is not there, or that is another version's."""
    browser, number = rig.as_("vera"), drawn(rig)
    for path in (f"{PAGE}/99", f"{PAGE}/x", f"/console/policies/{POLICY.version}/previews/{number}"):
        assert browser.get(path).status_code == 404
