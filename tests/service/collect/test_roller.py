"""The thread that writes by hour also makes files few, while the journal takes parcels."""

from pathlib import Path

import pytest
from tests.service.collect.redis_server import until
from tests.service.collect.rows import options, parcel, stored

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import journal_in

BOUNDS = Bounds(gather_s=0.0, linger_s=0.0)


def test_files_become_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five segments of an hour long ago become one file, and what comes again or late is known as such."""
    monkeypatch.setattr("stillwatch.service.collect.roller._COMPACT_S", 0.05)
    monkeypatch.setattr("stillwatch.service.collect.roller._IDLE_S", 0.05)
    with journal_in(tmp_path, options(bounds=BOUNDS)) as journal:
        for i in range(5):
            assert journal.submit(parcel(f"{i}")).result(60).n_accepted == 1
            assert journal.settle()
        until(lambda: n_files(tmp_path) <= 2)  # the last may have come when the others were one already
        assert journal.submit(parcel("0", "late")).result(60).n_duplicate == 1
        assert journal.settle()
    assert sorted(stored(tmp_path)) == ["0", "1", "2", "3", "4", "late"]


def test_a_disk_that_takes_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When files cannot become one, that is told and all else goes on."""
    monkeypatch.setattr("stillwatch.service.collect.roller._COMPACT_S", 0.0)
    monkeypatch.setattr("stillwatch.service.collect.roller._IDLE_S", 0.05)
    plans = tmp_path / "collector" / "plans"
    plans.parent.mkdir(parents=True)
    plans.write_text("in the way")
    with journal_in(tmp_path, options(bounds=BOUNDS)) as journal:
        for i in range(4):
            journal.submit(parcel(f"{i}")).result(60)
            assert journal.settle()
        until(lambda: "the files of an hour cannot become one: Not a directory" in caplog.text)
        journal.submit(parcel("more")).result(60)
        assert journal.settle()
    assert sorted(stored(tmp_path)) == ["0", "1", "2", "3", "more"]


def n_files(folder: Path) -> int:
    """Files by hour."""
    return sum(1 for _ in (folder / "traffic").rglob("*.parquet"))
