"""Exchanges by hour, counted from the heads of files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.console import traffic
from stillwatch.console.traffic import HOURS, Hours

NOW = datetime(2026, 11, 27, 12, 34, 56, tzinfo=UTC)


def put(folder: Path, at: datetime, n: int, name: str = "a") -> Path:
    """A file of so many exchanges in the hour of a time."""
    place = folder / f"date={at:%Y-%m-%d}" / f"hour={at:%H}"
    place.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"exchange_id": [str(i) for i in range(n)]}), place / f"{name}.parquet")
    return place / f"{name}.parquet"


def counted(hours: Hours, now: datetime = NOW) -> dict[datetime, int]:
    """Hours with exchanges."""
    return {at: n for at, n in hours.last(now) if n}


def test_hours_until_now_in_order(tmp_path: Path) -> None:
    """Two days, the hour that goes on included, also across midnight; several files are added up."""
    noon = NOW.replace(minute=0, second=0, microsecond=0)
    put(tmp_path, noon, 3)
    put(tmp_path, noon, 4, "b")
    put(tmp_path, noon - timedelta(hours=13), 5)
    put(tmp_path, noon - timedelta(hours=HOURS - 1), 6)
    put(tmp_path, noon - timedelta(hours=HOURS), 7)
    put(tmp_path, noon + timedelta(hours=1), 8)
    last = Hours(tmp_path).last(NOW)
    assert [at for at, _ in last] == [noon - timedelta(hours=i) for i in range(HOURS - 1, -1, -1)]
    assert {at: n for at, n in last if n} == {
        noon: 7,
        noon - timedelta(hours=13): 5,
        noon - timedelta(hours=HOURS - 1): 6,
    }


def test_nothing_came_in(tmp_path: Path) -> None:
    """A folder that is not there yet is no failure."""
    assert counted(Hours(tmp_path / "later")) == {}
    assert len(Hours(tmp_path).last(NOW, 3)) == 3


def test_what_is_no_traffic_counts_for_nothing(tmp_path: Path) -> None:
    """A file that is being written, a damaged one, another kind."""
    good = put(tmp_path, NOW, 3)
    (good.parent / "broken.parquet").write_bytes(b"PAR1")
    (good.parent / "other.tmp").write_bytes(b"x")
    assert list(counted(Hours(tmp_path)).values()) == [3]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are opened."""
    names: list[str] = []
    read = pq.read_metadata

    def noted(path: Path) -> object:
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(pq, "read_metadata", noted)
    return names


def test_files_are_opened_once(tmp_path: Path, opened: list[str]) -> None:
    """Until they change; one that went away is counted no more."""
    hours = Hours(tmp_path)
    put(tmp_path, NOW, 3)
    second = put(tmp_path, NOW, 4, "b")
    assert [list(counted(hours).values()) for _ in range(3)] == [[7]] * 3
    assert sorted(opened) == ["a.parquet", "b.parquet"]
    put(tmp_path, NOW, 40, "b")
    assert list(counted(hours).values()) == [43]
    second.unlink()
    assert list(counted(hours).values()) == [3]
    assert sorted(opened) == ["a.parquet", "b.parquet", "b.parquet"]


def test_of_many_files_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is bounded, and the count is right all the same."""
    monkeypatch.setattr(traffic, "_MOST_KEPT", 2)
    for i in range(5):
        put(tmp_path, NOW, 1, f"{i}")
    hours = Hours(tmp_path)
    assert [list(counted(hours).values()) for _ in range(2)] == [[5], [5]]
    assert len(hours._known) == 2
