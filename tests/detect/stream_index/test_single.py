"""One request alone gets the answer that the views give it in a batch, and that the scan gave."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import traffic
from tests.detect.stream_index.made import VALUES, batch_of, everything, met, request_of
from tests.scanning import write

from stillwatch.detect.reference import ReferenceFile
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import NOBODYS, StreamIndex
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.detect.views import VIEWS
from stillwatch.detect.views.ids import view_number
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.decision import Request
from stillwatch.model.progress import Stages
from stillwatch.scan import judged, read
from stillwatch.simulate import simulate
from stillwatch.sketch import hash_strings

Rows = list[dict[str, Any]]
ROW = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
MET = met()
CHANGE = st.sampled_from([name for name in VALUES if name != "account_id"])
ANY_ROW = st.fixed_dictionaries(
    {name: st.sampled_from(VALUES[name]) for name in ("account_id", "turn_count", "conversation_id", "client_build")}
    | {"prompt_text": st.none() | st.text(max_size=300), "temperature": st.none() | st.floats(width=32)}
    | {"max_tokens": st.none() | st.integers(-(2**31), 2**31 - 1), "system_text": st.none() | st.text(max_size=20)}
)


@pytest.fixture(scope="module")
def index() -> StreamIndex:
    """An index in which every view holds something."""
    return everything()


@pytest.fixture(scope="module")
def single(index: StreamIndex) -> SingleLookup:
    """It, for one request at a time."""
    return SingleLookup(index)


def same(index: StreamIndex, single: SingleLookup, rows: Rows) -> None:
    """Check that both ways agree row by row."""
    assert [single.campaign_of(request_of(row)) for row in rows] == index.campaign_of(batch_of(rows)).tolist()


def test_every_view_holds_something(index: StreamIndex) -> None:
    """The index that the other tests compare with asks each view, and the kernel knows no view that is not there."""
    assert {view_number(int(family)) for family in index.held.family} == set(range(len(VIEWS)))


@given(rows=st.lists(ROW, min_size=1, max_size=30))
def test_rows_of_values_that_were_met(index: StreamIndex, single: SingleLookup, rows: Rows) -> None:
    """Any mix of known values and nulls is looked up as in a batch."""
    same(index, single, rows)


@given(row=st.sampled_from(MET), change=CHANGE, data=st.data())
def test_rows_that_were_met_with_one_value_changed(
    index: StreamIndex, single: SingleLookup, row: dict[str, Any], change: str, data: st.DataObject
) -> None:
    """Views that fix a client or an account see these; one changed value takes some of the families away."""
    same(index, single, [row, row | {change: data.draw(st.sampled_from(VALUES[change]))}])


@pytest.mark.parametrize("number", range(len(VIEWS)), ids=[view.name for view in VIEWS])
def test_each_view_by_itself(index: StreamIndex, number: int) -> None:
    """With the streams of one view alone, so that no other hides what it says, on all rows that were met."""
    held = index.held
    kept = held.family >> np.uint64(61) == number
    streams = HeldStreams.of(held.account[kept], held.family[kept], held.campaign[kept], held.rank[kept])
    alone = replace(index, held=streams, talks=index.talks[:0], talk_campaign=index.talk_campaign[:0])
    same(alone, SingleLookup(alone), MET)
    assert (alone.campaign_of(batch_of(MET)) != NOBODYS).sum() > 10


@given(rows=st.lists(ANY_ROW, min_size=1, max_size=30))
def test_rows_of_any_values(index: StreamIndex, single: SingleLookup, rows: Rows) -> None:
    """Any text and any number too, infinities and NaN among them."""
    same(index, single, rows)


def test_the_rows_are_of_somebody_and_of_nobody(index: StreamIndex) -> None:
    """Neither answer is the only one among random rows, so that a lookup that always says one of them is noticed."""
    rng = np.random.default_rng(5)
    rows = [{name: values[rng.integers(len(values))] for name, values in VALUES.items()} for _ in range(500)]
    found = index.campaign_of(batch_of(rows))
    assert set(found.tolist()) == {NOBODYS, 0, 1, 2, 3}


def test_without_pools_nothing_is_from_a_pool(index: StreamIndex) -> None:
    """An index without pools answers as its own batch path does."""
    rows = [{name: values[i % len(values)] for name, values in VALUES.items()} for i in range(200)]
    bare = replace(index, pools=())
    same(bare, SingleLookup(bare), rows)


def test_what_is_no_text_is_no_error(single: SingleLookup) -> None:
    """Lone surrogates, empty names and numbers out of range get an answer: nothing fails before an answer is made."""
    odd = Request("account-0", prompt_text="\ud800 hello", max_tokens=10**30, temperature=1e300, user_agent="\udfff")
    assert single.campaign_of(odd) in {NOBODYS, 0, 1, 2, 3}
    assert single.campaign_of(Request("")) == NOBODYS
    assert single.campaign_of(Request("\ud800")) == NOBODYS


def test_an_account_without_a_stream_is_let_pass(index: StreamIndex, single: SingleLookup) -> None:
    """Only accounts with a stream are held, and the id of the campaign is told."""
    held = [account for account in VALUES["account_id"] if single.holds(account)]
    hashes = hash_strings(pa.array(held))
    assert sorted(hashes.tolist()) == index.held.accounts.tolist()
    assert [index.holds(account) for account in VALUES["account_id"]] == [a in held for a in VALUES["account_id"]]
    assert single.campaign_id_of(Request("somebody else", prompt_text=VALUES["prompt_text"][0])) is None
    ids = {
        single.campaign_id_of(request_of({"account_id": a, "prompt_text": p}))
        for a in held
        for p in VALUES["prompt_text"]
    }
    assert ids - {None} <= set(index.campaigns)
    assert len(ids) > 1


def test_an_index_that_accuses_nobody() -> None:
    """It answers, and nobody is of a stream."""
    single = SingleLookup(StreamIndex.empty())
    assert not single.holds("account-0")
    assert single.campaign_of(Request("account-0", prompt_text="hello")) == NOBODYS


def scanned(folder: Path) -> tuple[StreamIndex, pa.Table, dict[str, str]]:
    """Index of a folder of logs, its exchanges, and the campaign that the scan told of each that it told of."""
    with LocalEngine() as engine:
        source, stages = ingest([folder], salt=b"salt of these tests"), Stages()
        exchanges = read(engine, source, stages)
        examined, findings = judged(engine, exchanges, source, ReferenceFile.load(None), stages)
        index = StreamIndex.of(engine, findings, examined.scanned.sketched, examined.scanned.measured.grouping)
        told = findings.exchanges.select(["exchange_id", "campaign_id"]).to_pydict()
        return index, exchanges.to_table(), dict(zip(told["exchange_id"], told["campaign_id"], strict=True))


def checked(folder: Path) -> int:
    """Look every exchange up alone; how many are of a stream."""
    index, exchanges, told = scanned(folder)
    single = SingleLookup(index)
    names = [field.name for field in fields(Request) if field.name != "request_id"]
    ids = exchanges["exchange_id"].to_pylist()
    found = [single.campaign_id_of(Request(**row)) for row in exchanges.select(names).to_pylist()]
    assert found == [told.get(name) for name in ids]
    return sum(name is not None for name in found)


def test_every_exchange_of_a_harvest_made_by_hand(tmp_path: Path) -> None:
    """The scan of nine thousand exchanges and the lookup of each agree on all."""
    assert checked(write(tmp_path / "logs", traffic.mixed())) > 1_000


def test_every_exchange_of_simulated_traffic(tmp_path: Path) -> None:
    """So do they on traffic with all kinds of people and campaigns in it."""
    simulate(tmp_path / "made", exchanges=4_000, seed=3, days=1)
    assert checked(tmp_path / "made") > 100
