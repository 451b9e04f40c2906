"""Streams of a campaign: a page, and all as a table."""

import csv
import io

import pytest
from tests.console.conftest import Rig
from tests.report.examples import example_findings

PAGE = "/console/campaigns/c-relay00017/streams"


def accounts(rig: Rig, query: str) -> list[str]:
    """Accounts of the table, in its order."""
    text = rig.as_("vera").get(f"{PAGE}/table?as=csv&{query}").text
    return [row["account_id"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def mine() -> list[dict[str, object]]:
    """Rows of the campaign."""
    return [row for row in example_findings().streams.to_pylist() if row["campaign_id"] == "c-relay00017"]


def test_sorted_and_filtered(standing: Rig) -> None:
    """Either way, and by a part of the account's id; the table holds all pages."""
    by_n = sorted(mine(), key=lambda row: (-int(str(row["n_exchanges"])), str(row["account_id"])))
    assert accounts(standing, "") == [row["account_id"] for row in by_n]
    assert accounts(standing, "sort=account_id&up=1") == sorted(str(row["account_id"]) for row in mine())
    first = str(by_n[0]["account_id"])
    assert set(accounts(standing, f"q={first[-4:]}")) >= {first}
    assert accounts(standing, "q=nobody") == []
    assert len(accounts(standing, "sort=campaign_id;--")) == len(mine())


@pytest.mark.parametrize(("name", "may"), [("vera", False), ("alma", False), ("ada", True)])
def test_accounts_lead_to_exchanges_of_those_who_may_reveal(standing: Rig, name: str, may: bool) -> None:  # noqa: FBT001
    """Others see the same rows without the link."""
    text = standing.as_(name).get(PAGE).text
    assert ("/exchanges?account=" in text) is may
    assert str(mine()[0]["account_id"]) in text or len(mine()) > 50


def test_nothing_fits(standing: Rig) -> None:
    """Words, and a way back; a campaign that is none is none."""
    vera = standing.as_("vera")
    assert "No stream fits" in vera.get(f"{PAGE}?q=nobody").text
    assert "No stream fits" in vera.get(f"{PAGE}?page=99").text
    assert vera.get("/console/campaigns/c-none/streams").status_code == 404
    assert vera.get("/console/campaigns/c-none/streams/table?as=csv").status_code == 404
