"""campaigns.parquet: the same campaigns as campaigns.json, one at a time; no prompt is searched in."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.examples import empty_findings, example_findings

from stillwatch.errors import IncompatibleVersion, StillwatchError, UnreadableSource
from stillwatch.model.findings import Findings
from stillwatch.report import read_findings, write_findings
from stillwatch.report.catalogue import (
    CATALOGUE,
    Slice,
    catalogue_of,
    document_at,
    head_of,
    slices_of,
    sought_by,
    write_catalogue,
)
from stillwatch.report.json import to_json


def many(n: int) -> Findings:
    """Findings of so many campaigns, more than one group of rows."""
    made = example_findings()
    first = made.campaigns[2]
    return replace(made, campaigns=tuple(replace(first, campaign_id=f"c-{i:05d}") for i in range(n)))


def test_each_campaign_is_read_as_from_the_whole(tmp_path: Path) -> None:
    """Campaign by campaign the same, hostile text and what could not be judged included."""
    write_findings(example_findings(), tmp_path / "out")
    whole = read_findings(tmp_path / "out")
    with pq.ParquetFile(tmp_path / "out" / "campaigns.parquet") as file:
        read = tuple(document_at(file, row) for row in range(file.metadata.num_rows))
    assert to_json(replace(whole, campaigns=read)) == to_json(whole)
    assert len(read) == len(whole.campaigns) == 7


def test_a_campaign_of_a_later_group(tmp_path: Path) -> None:
    """Each row of several groups is found, the first and last of each included."""
    write_catalogue(many(130), tmp_path / "c.parquet")
    with pq.ParquetFile(tmp_path / "c.parquet") as file:
        assert file.num_row_groups == 3
        for row in (0, 63, 64, 127, 128, 129):
            assert document_at(file, row).campaign_id == f"c-{row:05d}"


@pytest.mark.parametrize("row", [-1, 130, 191, 192, 10**12])
def test_there_is_no_such_row(tmp_path: Path, row: int) -> None:
    """Before the first, after the last, also within what would be its group."""
    write_catalogue(many(130), tmp_path / "c.parquet")
    with pq.ParquetFile(tmp_path / "c.parquet") as file, pytest.raises(UnreadableSource, match="scan again"):
        document_at(file, row)


def test_columns_are_those_of_the_schema_and_of_the_campaigns() -> None:
    """Order, types, and figures that are the campaign's own."""
    made = example_findings()
    table = catalogue_of(made)
    assert table.schema.equals(CATALOGUE)
    for row, campaign in zip(table.to_pylist(), made.campaigns, strict=True):
        assert (row["campaign_id"], row["verdict"], row["bits"]) == (
            campaign.campaign_id,
            campaign.verdict.value,
            campaign.bits,
        )
        assert (row["n_streams"], row["n_accounts"], row["n_exchanges"]) == (
            campaign.n_streams,
            campaign.n_accounts,
            campaign.n_exchanges,
        )
        assert (row["first_seen"], row["last_seen"]) == (campaign.first_seen, campaign.last_seen)
        assert row["cost_usd"] == campaign.exposure.cost_usd
        assert json.loads(row["document"])["campaign_id"] == campaign.campaign_id


def test_streams_stand_where_the_row_says() -> None:
    """The slice of each campaign holds its rows and no other's."""
    made = example_findings()
    of = made.streams["campaign_id"].to_pylist()
    for row in catalogue_of(made).to_pylist():
        name, start = row["campaign_id"], row["streams_at"]
        assert start == of.index(name)
        assert set(of[start : start + of.count(name)]) == {name}


def test_streams_that_do_not_stand_together_say_so() -> None:
    """-1, so that nobody reads a part for all; a campaign without rows says the same."""
    made = example_findings()
    names = [campaign.campaign_id for campaign in made.campaigns]
    mixed = pa.concat_tables([made.streams, made.streams.slice(0, 1)])
    table = catalogue_of(replace(made, streams=mixed))
    assert table["streams_at"][names.index(made.streams["campaign_id"][0].as_py())].as_py() == -1
    assert catalogue_of(replace(made, streams=made.streams.slice(0, 0)))["streams_at"].to_pylist() == [-1] * 7


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.integers(0, 30), max_size=3))
def test_slices_are_runs(column: list[str], cuts: list[int]) -> None:
    """Against the plain way: start of the only run and its length, however the column is cut into chunks."""
    ends = sorted({0, len(column), *(cut for cut in cuts if cut <= len(column))})
    pieces = [pa.array(column[a:b], pa.string()) for a, b in itertools.pairwise(ends)]
    expected = {}
    for name in dict.fromkeys(column):
        n, at = column.count(name), column.index(name)
        expected[name] = Slice(at if column[at : at + n] == [name] * n else -1, n)
    assert slices_of(pa.chunked_array(pieces, pa.string())) == expected


def test_the_head_is_what_is_true_of_all() -> None:
    """Tally, bar, reference and warnings, without campaigns; also of findings without any."""
    for made in (example_findings(), empty_findings()):
        table = catalogue_of(made)
        assert to_json(head_of(table.schema, "here")) == to_json(replace(made, campaigns=()))
        assert len(table) == len(made.campaigns)


def test_a_foreign_file_has_no_head() -> None:
    """A Parquet file of anybody's is refused by name, and so is a head that is none."""
    with pytest.raises(IncompatibleVersion, match=r"there\.parquet says nothing of its findings"):
        head_of(pa.schema([("a", pa.int64())]), "there.parquet")
    for told in (b"{}", b"[]", b"\xff\xfe", b"not json"):
        with pytest.raises(StillwatchError, match="there"):
            head_of(pa.schema([], metadata={b"stillwatch.findings": told}), "there.parquet")


def test_nothing_that_a_customer_wrote_is_sought() -> None:
    """No template and no slot: what is searched for stands in URLs."""
    for row, campaign in zip(catalogue_of(example_findings()).to_pylist(), example_findings().campaigns, strict=True):
        texts = [part.text for family in campaign.families for part in family.template if len(part.text) > 8]
        ours = row["campaign_id"].lower()
        assert not [text for text in texts if text.lower() in row["sought"] and text.lower() not in ours]
        assert "expert tutor" not in row["sought"]
        assert "rubric" not in row["sought"]


def test_what_is_sought_is_lower_case_and_bounded() -> None:
    """Ids, verdict, models and what is shared are found; a campaign with much of it stays small."""
    made = example_findings()
    sought = catalogue_of(made)["sought"].to_pylist()
    for word in ("c-4f1e09ab77", "harvest", "large-5-preview", "203.0.113.0/24", "payment pay-7f3a91", "reasoning"):
        assert word in sought[0]
    assert all(text == text.lower() and len(text) <= 4_000 for text in sought)
    wide = replace(made.campaigns[0], also_known_as=tuple(f"C-{i:08d}" for i in range(5_000)))
    (text,) = catalogue_of(replace(made, campaigns=(wide,)))["sought"].to_pylist()
    assert len(text) == 4_000
    assert "c-00000000" in text


def test_a_search_is_a_few_words() -> None:
    """Lower case, apart, ten at most."""
    assert sought_by("  Pay-1\tLARGE ") == ["pay-1", "large"]
    assert sought_by("   ") == []
    assert len(sought_by("a " * 50)) == 10


def test_findings_hold_their_catalogue(tmp_path: Path) -> None:
    """It is written with the others, anew each time, and no leftover of findings before."""
    write_findings(example_findings(), tmp_path / "out")
    write_findings(empty_findings(), tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "campaigns.parquet").num_rows == 0
    assert not [path.name for path in tmp_path.iterdir() if path.name != "out"]
