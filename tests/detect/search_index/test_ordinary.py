"""Who stands for the innocent: unsuspected, staying, and not spoken against by what the provider knows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import traffic
from tests.scanning import write

import stillwatch
from stillwatch.model.account import ACCOUNT
from stillwatch.sketch import hash_strings

END = datetime.fromtimestamp(traffic.START_US / 1e6 + 14 * 86_400, UTC)
FACTS: dict[str, dict[str, Any]] = {
    "person-0": {"verified_level": 0},
    "person-1": {"verified_level": 1, "created_at": END - timedelta(days=10)},
    "person-2": {"verified_level": 1, "created_at": END - timedelta(days=90)},
    "person-3": {"verified_level": 2},
    "person-4": {"declared_use": "fleet", "verified_level": 2},
    "person-5": {},
}


def stays(exchanges: pa.Table) -> dict[str, float]:
    """Days between the first and the last exchange of each account, the plain way."""
    times: dict[str, list[datetime]] = {}
    for row in exchanges.select(["account_id", "time"]).to_pylist():
        times.setdefault(row["account_id"], []).append(row["time"])
    return {account: (max(seen) - min(seen)).total_seconds() / 86_400 for account, seen in times.items()}


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """People and a harvest."""
    return traffic.mixed()


@pytest.fixture(scope="module")
def ordinary(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """Hashes that a scan leaves, with what the provider knows of six people."""
    folder = tmp_path_factory.mktemp("ordinary")
    logs = write(folder / "logs", exchanges)
    rows = [{**dict.fromkeys(ACCOUNT.names), "account_id": name, **known} for name, known in FACTS.items()]
    pq.write_table(pa.Table.from_pylist(rows, schema=ACCOUNT), folder / "accounts.parquet")
    stillwatch.scan(logs, accounts=folder / "accounts.parquet", index=folder / "index")
    found: list[int] = pq.read_table(folder / "index" / "ordinary.parquet")["account"].to_pylist()
    return found


def test_everybody_who_stays_and_is_not_spoken_against_is_there_once(exchanges: pa.Table, ordinary: list[int]) -> None:
    """No shell of the harvest, nobody who was there for two days only, nobody unverified, new or declared."""
    against = {"person-0", "person-1", "person-4"}
    expected = {
        account
        for account, days in stays(exchanges).items()
        if days >= 3 and not account.startswith("shell") and account not in against
    }
    assert {"person-2", "person-3", "person-5"} <= expected
    assert ordinary == sorted(hash_strings(pa.array(sorted(expected))).tolist())


def test_half_of_a_short_window_is_a_stay(exchanges: pa.Table, tmp_path: Path) -> None:
    """Of four days, two."""
    end = pa.scalar(datetime.fromtimestamp(traffic.START_US / 1e6, UTC) + timedelta(days=4), exchanges["time"].type)
    few = exchanges.filter(pa.compute.less(exchanges["time"], end))
    few = few.filter(pa.compute.starts_with(few["account_id"], "person"))
    stillwatch.scan(write(tmp_path / "logs", few), index=tmp_path / "index")
    times = [time.timestamp() for time in few["time"].to_pylist()]
    half = (max(times) - min(times)) / 2 / 86_400
    staying = sorted(account for account, days in stays(few).items() if days >= half)
    found = pq.read_table(tmp_path / "index" / "ordinary.parquet")["account"].to_pylist()
    assert half < 2
    assert found == sorted(hash_strings(pa.array(staying)).tolist()) != []
