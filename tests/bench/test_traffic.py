"""Traffic as baselines read it."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.traffic import FolderTraffic
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.simulate import simulate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run."""
    return simulate(tmp_path_factory.mktemp("run") / "t", exchanges=3_000, seed=5).out


def test_rows_stand_in_order_of_time_with_their_accounts(folder: Path) -> None:
    """Every exchange is there once, in order, and its code leads back to its account."""
    traffic = FolderTraffic(folder)
    table = traffic.read(["time", "account_id", "prompt_text"])
    assert table.num_rows == traffic.n_exchanges == 3_000
    times = table["time"].to_pylist()
    assert times == sorted(times)
    assert table["account_id"].to_pylist() == traffic.account_id.take(table["account"].combine_chunks()).to_pylist()


def test_accounts_are_aligned_with_the_table(folder: Path) -> None:
    """Row i of the account table is account i."""
    traffic = FolderTraffic(folder)
    assert traffic.accounts["account_id"].to_pylist() == traffic.account_id.to_pylist()
    known = pq.read_table(folder / "accounts.parquet")
    row = 17
    same = known.filter(pc.equal(known["account_id"], traffic.account_id[row]))
    assert same["created_at"][0] == traffic.accounts["created_at"][row]


def test_unknown_columns_and_empty_folders_are_refused(folder: Path, tmp_path: Path) -> None:
    """The truth is not a column, and a folder without logs is no traffic."""
    with pytest.raises(InvalidInput, match="campaign"):
        FolderTraffic(folder).read(["campaign"])
    with pytest.raises(MissingData, match="simulate"):
        FolderTraffic(tmp_path)
