"""Findings page by page: the same as the whole, and never half of old and half of new ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.report.examples import HOSTILE, empty_findings, example_findings

from stillwatch.console.shelf import Shelf, Wanted
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource
from stillwatch.report import write_findings
from stillwatch.report.json import to_json


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Of the example findings."""
    write_findings(example_findings(), tmp_path / "out")
    return Shelf(tmp_path / "out")


def ids(shelf: Shelf, wanted: Wanted) -> list[str]:
    """Ids of the campaigns that are found."""
    return [row["campaign_id"] for row in shelf.found(wanted).rows]


def test_a_campaign_is_that_of_the_whole(shelf: Shelf) -> None:
    """Each with all of its streams and no other's, under the head of all."""
    made = example_findings()
    for campaign in made.campaigns:
        found, alone = shelf.campaign(campaign.campaign_id)
        mine = [row for row in made.streams.to_pylist() if row["campaign_id"] == campaign.campaign_id]
        assert to_json(replace(made, campaigns=(found,))) == to_json(replace(made, campaigns=(campaign,)))
        assert alone.streams.to_pylist() == mine
        assert (alone.campaigns, alone.tally, alone.bar_bits) == ((found,), made.tally, made.bar_bits)
    assert to_json(shelf.head()) == to_json(replace(made, campaigns=()))


def test_nothing_yet(tmp_path: Path) -> None:
    """A folder that is not there is empty; whoever asks for more is told."""
    shelf = Shelf(tmp_path / "later")
    assert shelf.is_empty
    assert not shelf.has("c-1")
    for ask in (shelf.head, shelf.table, lambda: shelf.found(Wanted()), lambda: shelf.campaign("c-1")):
        with pytest.raises(MissingData, match="holds no findings; run 'stillwatch scan' first"):
            ask()
    write_findings(empty_findings(), tmp_path / "later")
    assert not Shelf(tmp_path / "later").is_empty
    assert shelf.found(Wanted()).n == 0


def test_sorted_either_way(shelf: Shelf) -> None:
    """By every column, ties by id; a column that there is not is bits."""
    made = example_findings().campaigns
    for ascending in (False, True):
        by_bits = sorted(made, key=lambda one: one.campaign_id)
        by_bits = sorted(by_bits, key=lambda one: one.bits, reverse=not ascending)
        for column in ("bits", "sought; DROP TABLE x"):
            found = ids(shelf, Wanted(sort=column, ascending=ascending))
            assert found == [one.campaign_id for one in by_bits]
    assert ids(shelf, Wanted(sort="campaign_id", ascending=True)) == sorted(one.campaign_id for one in made)
    assert ids(shelf, Wanted(sort="cost_usd"))[-1].startswith("c-<script>")  # nothing is known of its value


def test_filtered(shelf: Shelf) -> None:
    """By verdict, bits, ids and words; all of them must hold."""
    assert ids(shelf, Wanted(verdicts=("relay", "tool"))) == ["c-relay00017", "c-tool000001"]
    assert ids(shelf, Wanted(least_bits=41.3)) == ["c-4f1e09ab77"]
    assert ids(shelf, Wanted(words="C-RELAY large-4")) == ["c-relay00017"]
    assert ids(shelf, Wanted(words="c-relay evaluation")) == []
    assert ids(shelf, Wanted(among=frozenset())) == []
    among = frozenset({"c-relay00017", "c-4f1e09ab77", "c-gone"})
    assert ids(shelf, Wanted(among=among, least_bits=3.0)) == ["c-4f1e09ab77"]
    assert ids(shelf, Wanted(words=".* % _ [")) == []


def test_paged(shelf: Shelf) -> None:
    """Pages are parts of the whole in its order; beyond the last there is nothing, and still the number."""
    whole = ids(shelf, Wanted())
    pages = [shelf.found(Wanted(), start, 3) for start in (0, 3, 6, 9, 10**9)]
    assert [row["campaign_id"] for page in pages for row in page.rows] == whole
    assert {page.n for page in pages} == {7}
    assert "document" not in pages[0].rows[0]


def test_new_findings_are_seen_at_once(shelf: Shelf) -> None:
    """Whatever was held of those before."""
    old = ids(shelf, Wanted())
    first = example_findings().campaigns[0]
    write_findings(replace(empty_findings(), campaigns=(replace(first, campaign_id="c-new"),)), shelf.folder)
    assert ids(shelf, Wanted()) == ["c-new"]
    assert shelf.campaign("c-new")[1].streams.num_rows == 0
    with pytest.raises(MissingData, match="no campaign c-4f1e"):
        shelf.campaign(old[0])


def test_a_catalogue_that_comes_after_campaigns_json_is_noticed(shelf: Shelf, tmp_path: Path) -> None:
    """Files are moved one by one: who looks between two of them keeps nothing old under a new mark."""
    write_findings(empty_findings(), tmp_path / "new")
    (tmp_path / "new" / "campaigns.json").replace(shelf.folder / "campaigns.json")
    assert shelf.found(Wanted()).n == 7
    (tmp_path / "new" / "campaigns.parquet").replace(shelf.folder / "campaigns.parquet")
    assert shelf.found(Wanted()).n == 0


def test_of_findings_that_are_being_replaced_the_old_ones_are_listed(shelf: Shelf) -> None:
    """Without a catalogue the whole is read, and refused while it is incomplete: then those before are shown."""
    assert shelf.found(Wanted()).n == 7
    (shelf.folder / "campaigns.parquet").unlink()
    (shelf.folder / ".stillwatch").write_text('{"complete": false}', encoding="ascii")
    assert shelf.found(Wanted()).n == 7
    with pytest.raises(IncompatibleVersion, match="incomplete"):
        Shelf(shelf.folder).head()


def test_findings_from_before_there_was_a_catalogue(shelf: Shelf) -> None:
    """They are shown all the same."""
    with_it = shelf.campaign("c-relay00017"), ids(shelf, Wanted())
    (shelf.folder / "campaigns.parquet").unlink()
    old = Shelf(shelf.folder)
    found, alone = old.campaign("c-relay00017")
    assert to_json(replace(alone, streams=alone.streams)) == to_json(with_it[0][1])
    assert found.campaign_id == "c-relay00017"
    assert ids(old, Wanted()) == with_it[1]
    assert alone.streams.equals(with_it[0][1].streams)


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"nothing of the kind" * 100])
@pytest.mark.parametrize("name", ["campaigns.parquet", "streams.parquet", "exchanges.parquet"])
def test_damaged_files_are_told(shelf: Shelf, name: str, damage: bytes) -> None:
    """Whoever needs the file is told so in words; it is no failure of the page."""
    (shelf.folder / name).write_bytes(damage)
    fresh = Shelf(shelf.folder)
    if name == "exchanges.parquet":
        asks: list[Callable[[], object]] = [
            lambda: fresh.exchanges("c-relay00017", 0, 10),
            lambda: fresh.account_of("c-relay00017", "x-c-relay00017-1"),
        ]
    else:
        asks = [lambda: fresh.campaign("c-relay00017")]
    for ask in asks:
        with pytest.raises(UnreadableSource, match="again"):
            ask()


def test_foreign_files_are_told(shelf: Shelf) -> None:
    """A catalogue of nobody's, or of another version, says so."""
    path = shelf.folder / "campaigns.parquet"
    metadata = pq.read_schema(path).metadata
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(IncompatibleVersion, match="scan again"):
        Shelf(shelf.folder).head()
    pq.write_table(pa.table({"campaign_id": ["c"]}).replace_schema_metadata(metadata), path)
    with pytest.raises(IncompatibleVersion, match="other columns"):
        Shelf(shelf.folder).head()


def test_documents_of_other_campaigns_are_never_shown(shelf: Shelf) -> None:
    """A catalogue whose rows and documents do not fit each other is refused."""
    path = shelf.folder / "campaigns.parquet"
    table = pq.read_table(path)
    turned = pa.chunked_array([list(reversed(table["document"].to_pylist()))])
    pq.write_table(table.set_column(table.schema.get_field_index("document"), "document", turned), path)
    with pytest.raises(UnreadableSource, match="being replaced"):
        Shelf(shelf.folder).campaign("c-4f1e09ab77")


def test_exchanges_of_a_campaign_and_of_an_account(shelf: Shelf) -> None:
    """In the order of the logs, a page at a time; nobody else's, whatever a name holds."""
    page = shelf.exchanges("c-relay00017", 0, 2)
    assert [row["exchange_id"] for row in page.rows] == ["x-c-relay00017-0", "x-c-relay00017-1"]
    assert page.n == 3
    account = page.rows[0]["account_id"]
    assert shelf.exchanges("c-relay00017", 2, 2, account).rows[0]["exchange_id"] == "x-c-relay00017-2"
    for name, who in (("c-relay00017", "nobody"), ("' OR 1=1 --", None), ("c-relay00017", "' OR 1=1 --")):
        assert shelf.exchanges(name, 0, 10, who).n == 0
    hostile = shelf.exchanges(f"c-{HOSTILE}", 0, 10)
    assert (hostile.n, hostile.rows[0]["account_id"]) == (3, HOSTILE)


def test_whose_an_exchange_is(shelf: Shelf) -> None:
    """Of this campaign only."""
    assert shelf.account_of("c-relay00017", "x-c-relay00017-1").startswith("acct-")
    for campaign, exchange in (("c-relay00017", "x-c-tool000001-1"), ("c-tool000001", "x"), ("", "")):
        with pytest.raises(MissingData, match="has no exchange"):
            shelf.account_of(campaign, exchange)


def test_the_time_is_that_of_writing(shelf: Shelf) -> None:
    """Of campaigns.json, in seconds."""
    assert shelf.written_at() == (shelf.folder / "campaigns.json").stat().st_mtime_ns / 1e9
    assert json.loads((shelf.folder / "campaigns.json").read_text(encoding="utf-8"))
