"""The list of campaigns: filtered, sorted and paged by the address alone, and as a table."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.console.conftest import NOW, Rig, rig_of
from tests.report.examples import example_findings

from stillwatch.console.campaigns.asked import Asked
from stillwatch.console.shelf import Shelf
from stillwatch.report import write_findings

LIST = "/console/campaigns"


def listed(rig: Rig, query: str, name: str = "vera") -> list[str]:
    """Ids of the campaigns of a page, in order; that of the hostile one is cut."""
    answer = rig.as_(name).get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return re.findall(r'<th scope="row"><a class="code" href="[^"]*"><bdi>([^<]*)', answer.text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("verdict=relay", ["c-relay00017"]),
        ("q=C-EVAL", ["c-eval000001"]),
        ("bits=41", ["c-4f1e09ab77"]),
        ("state=none", ["c-fleet00003", "c-eval000001", "c-tool000001"]),
        ("state=mine", []),
        ("state=closed", []),
        ("verdict=relay&state=open&q=relay&bits=2", ["c-relay00017"]),
        ("verdict=relay&bits=3", []),
        ("q=zz%25", []),
        ("page=99", []),
    ],
)
def test_filters_hold_together(standing: Rig, query: str, found: list[str]) -> None:
    """All that are asked for, and nothing else."""
    assert listed(standing, query) == found


@pytest.mark.parametrize(
    "query",
    ["verdict=nonsense", "state=x", "bits=x", "bits=nan", "bits=1e999", "sort=document", "up=yes", "page=-1", "page=x"],
)
def test_what_is_asked_wrongly_is_not_asked(standing: Rig, query: str) -> None:
    """The whole list."""
    assert len(listed(standing, query)) == 7


def test_order_is_that_of_the_address(standing: Rig) -> None:
    """By bits unless it says otherwise; heads of columns turn it round."""
    assert listed(standing, "")[0] == "c-4f1e09ab77"
    assert listed(standing, "sort=bits&up=1")[0] == "c-tool000001"
    assert listed(standing, "sort=n_accounts")[0] == "c-tool000001"


def test_words_are_text(standing: Rig) -> None:
    """What was searched for stands in the field, and runs nothing."""
    text = standing.as_("vera").get(f"{LIST}?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in text
    assert "No campaign fits" in text
    assert "&lt;script&gt;alert(1)" in text


def test_cases_that_are_mine(rig: Rig) -> None:
    """Those that I took, until they are closed; nobody else's."""
    ada = rig.as_("ada")
    ada.send(f"{LIST}/c-relay00017/assign", seen="1")
    assert listed(rig, "state=mine", "ada") == ["c-relay00017"]
    assert listed(rig, "state=mine", "bea") == []
    assert listed(rig, "state=investigating", "bea") == ["c-relay00017"]


def test_as_a_table(standing: Rig) -> None:
    """What is asked for with its case's state, without what a search looks into, formulas or documents."""
    vera = standing.as_("vera")
    answer = vera.get(f"{LIST}/table?as=csv&verdict=harvest")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["campaign_id"] for row in rows][:1] == ["c-4f1e09ab77"]
    assert {row["state"] for row in rows} == {"open"}
    assert not {"sought", "document", "streams_at"} & set(rows[0])
    assert vera.get(f"{LIST}/table?as=parquet").content.startswith(b"PAR1")
    assert vera.get(f"{LIST}/table").status_code == 404


def test_before_the_first_look(rig: Rig, tmp_path: Path) -> None:
    """Words instead of a failure; there is no table of nothing."""
    empty = rig_of(rig.home, lambda: NOW)
    object.__setattr__(empty.console, "shelf", Shelf(tmp_path / "none"))
    vera = empty.as_("vera")
    assert "Nothing was looked at yet" in vera.get(LIST).text
    assert "Nothing was looked at yet" in vera.get("/console").text
    assert vera.get(f"{LIST}/table?as=csv").status_code == 404
    assert vera.get(f"{LIST}/c-relay00017").status_code == 200


def test_pages_of_many(rig: Rig) -> None:
    """Fifty each; every campaign stands on one page, and the pager leads on with the filter kept."""
    made = example_findings()
    many = tuple(replace(made.campaigns[3], campaign_id=f"c-{i:05d}", bits=float(i)) for i in range(120))
    write_findings(replace(made, campaigns=many), rig.home.findings)
    pages = [listed(rig, f"verdict=relay&page={page}") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert len({name for page in pages for name in page}) == 120
    text = rig.as_("vera").get(f"{LIST}?verdict=relay").text
    (onward,) = re.findall(r'rel="next" href="([^"]*)"', text)
    assert parse_qs(urlsplit(onward.replace("&amp;", "&")).query) == {"verdict": ["relay"], "page": ["2"]}


def test_links_say_only_what_is_unusual() -> None:
    """So that the same list has one address."""
    assert Asked().link() == LIST
    assert Asked(words="a b", ascending=True, page=3).link(page=4) == f"{LIST}?q=a+b&up=1&page=4"
    assert Asked().is_all
    assert not Asked(state="open").is_all
