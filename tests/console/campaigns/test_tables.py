"""Behind each picture of a campaign stands a table that can be taken away."""

import io

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from tests.console.conftest import Rig
from tests.report.examples import example_findings

from stillwatch.console.campaigns.tables import TABLES

CAMPAIGN = example_findings().campaigns[0]
PAGE = f"/console/campaigns/{CAMPAIGN.campaign_id}"


@pytest.mark.parametrize("name", TABLES)
def test_both_forms_hold_the_same(standing: Rig, name: str) -> None:
    """As CSV and as Parquet, and the page links to both."""
    vera = standing.as_("vera")
    csv = pacsv.read_csv(io.BytesIO(vera.get(f"{PAGE}/tables/{name}?as=csv").content))
    parquet = pq.read_table(io.BytesIO(vera.get(f"{PAGE}/tables/{name}?as=parquet").content))
    assert csv.column_names == parquet.column_names
    assert len(csv) == len(parquet) > 0
    assert f"/tables/{name}?as=csv" in vera.get(PAGE).text


def test_figures_are_the_findings(standing: Rig) -> None:
    """Exchanges over time add up to all of the campaign's; each test of each family stands there once."""
    vera = standing.as_("vera")
    hours = pq.read_table(io.BytesIO(vera.get(f"{PAGE}/tables/hours?as=parquet").content))
    assert sum(hours["n_exchanges"].to_pylist()) == sum(n for _, n in CAMPAIGN.timeline)
    tests = pq.read_table(io.BytesIO(vera.get(f"{PAGE}/tables/tests?as=parquet").content))
    assert len(tests) == sum(len(family.effects) for family in CAMPAIGN.families)


def test_no_other_table(standing: Rig) -> None:
    """Another name is no page."""
    assert standing.as_("vera").get(f"{PAGE}/tables/prompts?as=csv").status_code == 404
