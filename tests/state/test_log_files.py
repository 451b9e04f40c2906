"""Log files: told apart by their marks, and when their exchanges were."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests import traffic

from stillwatch.model.exchange import EXCHANGE
from stillwatch.state.log_files import LogFile, log_files, microseconds, time_of


def span(folder: Path, table: pa.Table, *, statistics: bool = True) -> tuple[int, int] | None:
    """Span of a table on disk."""
    pq.write_table(table, folder / "log.parquet", write_statistics=statistics, row_group_size=100)
    (found,) = log_files(folder)
    return found.span_us


def test_the_span_is_that_of_the_rows(tmp_path: Path) -> None:
    """With statistics and without."""
    table = traffic.mixed().slice(0, 1_000)
    us = table["time"].cast(pa.int64()).to_numpy()
    assert span(tmp_path, table) == span(tmp_path, table, statistics=False) == (us.min(), us.max())


def test_what_has_no_times_has_no_span(tmp_path: Path) -> None:
    """A table of accounts, one without rows, and a file that is no Parquet."""
    assert span(tmp_path, pa.table({"account_id": ["a"]})) is None
    assert span(tmp_path, EXCHANGE.empty_table()) is None
    assert span(tmp_path, pa.table({"time": ["noon"]})) is None
    (tmp_path / "log.parquet").write_bytes(b"text")
    assert log_files(tmp_path)[0].span_us is None


def test_hidden_files_and_findings_are_passed_over(tmp_path: Path) -> None:
    """What is not a log is not listed; folders are looked through, by name."""
    for name in ("b/2.parquet", "a.parquet", ".hidden.parquet", "notes.txt", "found/x.parquet", "found/.stillwatch"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [file.path.relative_to(tmp_path).as_posix() for file in log_files(tmp_path)] == ["a.parquet", "b/2.parquet"]


def test_a_file_that_changes_has_another_mark(tmp_path: Path) -> None:
    """By its size or its time."""
    path = tmp_path / "log.parquet"
    path.write_text("x")
    (before,) = log_files(tmp_path)
    assert log_files(tmp_path) == [before] == [LogFile(path, before.mark)]
    path.write_text("xy")
    assert log_files(tmp_path) != [before]


def test_times_there_and_back() -> None:
    """To the microsecond."""
    time = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert time_of(microseconds(time)) == time
