"""What a member's node searches: every value of every account once, bands that somebody else finds too, figures."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import traffic
from tests.scanning import harvests, write

import stillwatch
from stillwatch.detect.search_index.acts import gap_counts
from stillwatch.detect.search_index.make import write_index
from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import BAND_COUNT
from stillwatch.model.search_index import INDEX_TABLES
from stillwatch.sketch import hash_strings


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """People and a harvest."""
    return traffic.mixed()


@pytest.fixture(scope="module")
def scanned(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> tuple[stillwatch.Findings, Path]:
    """Findings and the folder of the index."""
    folder = tmp_path_factory.mktemp("index")
    return stillwatch.scan(write(folder / "logs", exchanges), index=folder / "index"), folder / "index"


@pytest.fixture(scope="module")
def index(scanned: tuple[stillwatch.Findings, Path]) -> dict[str, pa.Table]:
    """Tables of the index."""
    return {name: pq.read_table(scanned[1] / f"{name}.parquet") for name in INDEX_TABLES}


def test_every_table_has_its_declared_columns(index: dict[str, pa.Table]) -> None:
    """Names and types are those of the model."""
    for name, schema in INDEX_TABLES.items():
        assert [(f.name, f.type) for f in index[name].schema] == [(f.name, f.type) for f in schema]


def test_every_account_is_there_with_each_of_its_values_once(index: dict[str, pa.Table], exchanges: pa.Table) -> None:
    """Addresses as the logs have them, networks a /24 of these, nothing twice."""
    rows = Counter(tuple(row.values()) for row in index["signals"].to_pylist())
    assert set(rows.values()) == {1}
    pairs = set(
        zip(exchanges["client_address"].to_pylist(), hash_strings(exchanges["account_id"]).tolist(), strict=True)
    )
    expected = {("address", address, account, 0) for address, account in pairs if address}
    assert {row for row in rows if row[0] == "address"} == expected
    networks = {("network", a.rsplit(".", 1)[0] + ".0/24", account, 0) for _, a, account, _ in expected}
    assert {row for row in rows if row[0] == "network"} == networks


def test_values_of_the_provider_are_those_of_the_table_of_accounts(
    index: dict[str, pa.Table], exchanges: pa.Table
) -> None:
    """One row for every account that has a means of payment."""
    accounts = traffic.accounts(exchanges)
    known = accounts.filter(pa.compute.is_valid(accounts["payment_fingerprint"]))
    expected = dict(
        zip(hash_strings(known["account_id"]).tolist(), known["payment_fingerprint"].to_pylist(), strict=True)
    )
    rows = [row for row in index["signals"].to_pylist() if row["kind"] == "payment"]
    assert {row["account"]: row["value"] for row in rows} == expected


def test_another_scan_of_half_the_harvest_has_the_same_bands(
    index: dict[str, pa.Table], exchanges: pa.Table, tmp_path: Path
) -> None:
    """Two providers that each see a part of one campaign find most bands of its template in common."""
    half = exchanges.filter(pa.array(np.arange(exchanges.num_rows) % 2 == 0))
    stillwatch.scan(write(tmp_path / "logs", half), index=tmp_path / "index")
    theirs = pq.read_table(tmp_path / "index" / "signals.parquet")
    bands = [
        {row["value"] for row in table.to_pylist() if row["kind"] == "band"} for table in (index["signals"], theirs)
    ]
    assert len(bands[0] & bands[1]) >= BAND_COUNT // 2


def test_the_harvest_acts_as_it_was_made(
    index: dict[str, pa.Table], scanned: tuple[stillwatch.Findings, Path], exchanges: pa.Table
) -> None:
    """Accounts, hours and gaps of its exchanges are those of the logs."""
    (campaign,) = harvests(scanned[0])
    (act,) = (row for row in index["acts"].to_pylist() if row["verdict"] == "harvest")
    theirs = exchanges.filter(pa.compute.starts_with(exchanges["account_id"], "shell"))
    assert act["campaign_id"] == campaign.campaign_id
    assert act["accounts"] == sorted(set(hash_strings(theirs["account_id"]).tolist()))
    hours = Counter((time.weekday() * 24 + time.hour) for time in theirs["time"].to_pylist())
    assert act["week"] == [hours[hour] for hour in range(168)]
    assert sum(act["gaps"]) == len(theirs) - len(act["accounts"])
    assert act["elicitation"][0] == pytest.approx(1.0)


def test_families_carry_the_evidence_of_the_scan(
    index: dict[str, pa.Table], scanned: tuple[stillwatch.Findings, Path]
) -> None:
    """Bits as in the findings; streams add up to the exchanges of each family; coverage is known for every kind."""
    told = {f.family_id: (f.score_bits, f.coordination_bits) for c in scanned[0].campaigns for f in c.families}
    found = {f"{r['family']:016x}": (r["score_bits"], r["coordination_bits"]) for r in index["families"].to_pylist()}
    assert told
    assert all(found[family] == pytest.approx(bits) for family, bits in told.items())
    sums = Counter[int]()
    for row in index["streams"].to_pylist():
        sums[row["family"]] += row["n"]
    assert sums == {row["family"]: row["n_exchanges"] for row in index["families"].to_pylist()}
    coverage = {row["kind"]: row["coverage"] for row in index["window"].to_pylist()}
    assert coverage["address"] == coverage["band"] == 1.0
    assert coverage["tls"] == 0.0


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """An index replaces an index and nothing else."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="other things"):
        write_index({}, tmp_path)
    with pytest.raises(InvalidInput, match="other things"):
        stillwatch.scan(tmp_path / "no-logs", index=tmp_path)  # before anything is read
    assert (tmp_path / "mine.txt").read_text() == "mine"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**12)), max_size=40))
def test_gaps_are_counted_by_octave(rows: list[tuple[int, int]]) -> None:
    """The plain way: sort each account's times, take differences, count doublings from a second on."""
    expected = [0] * 16
    for account in range(4):
        times = sorted(time for owner, time in rows if owner == account)
        for gap in np.diff(times):
            octave = 0
            while octave < 15 and gap >= 2_000_000 * 2**octave:
                octave += 1
            expected[octave] += 1
    owners = np.array([owner for owner, _ in rows], np.uint64)
    assert gap_counts(owners, np.array([time for _, time in rows], np.int64)).tolist() == expected
