"""Find one exchange where the traffic is kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.console.console import Console
from stillwatch.errors import UnreadableSource
from stillwatch.ingest import ingest, installation_salt

__all__ = ["find_exchange"]

_MOST_HOURS: Final = 24 * 400


def find_exchange(console: Console, exchange_id: str, span: tuple[datetime, datetime]) -> dict[str, Any] | None:
    """The exchange as it was taken in; None when it is kept no longer, or was never here.

    span        First and last exchange of its stream: of a service only these hours are looked into.
    Raises      UnreadableSource when what is kept cannot be read.
    """
    if console.is_local:
        return _in_logs(console.logs, exchange_id)
    try:
        for path in _files(console.home.traffic, span):
            if (row := _in_file(path, exchange_id)) is not None:
                return row
    except (OSError, pa.ArrowException) as error:
        message = f"the stored traffic cannot be read just now ({type(error).__name__}); try again"
        raise UnreadableSource(message) from error
    return None


def _in_file(path: Path, exchange_id: str) -> dict[str, Any] | None:
    """Out of one file, of which only the ids are read to the end."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            at = pc.index(file.read_row_group(group, columns=["exchange_id"]).column(0), exchange_id).as_py()
            if at >= 0:
                found: dict[str, Any] = file.read_row_group(group).slice(at, 1).to_pylist()[0]
                return found
    return None


def _files(traffic: Path, span: tuple[datetime, datetime]) -> Iterator[Path]:
    """Files of the hours of a span."""
    hour = span[0].replace(minute=0, second=0, microsecond=0)
    for _ in range(_MOST_HOURS):
        if hour > span[1]:
            return
        yield from (traffic / f"date={hour:%Y-%m-%d}" / f"hour={hour:%H}").glob("*.parquet")
        hour += timedelta(hours=1)


def _in_logs(logs: Sequence[str | Path], exchange_id: str) -> dict[str, Any] | None:
    """Out of logs, read as a scan reads them, so that ids are the same."""
    if not logs:
        return None
    for batch in ingest(list(logs), salt=installation_salt()).batches():
        rows = batch.filter(pc.equal(batch.column("exchange_id"), exchange_id)).to_pylist()
        if rows:
            found: dict[str, Any] = rows[0]
            return found
    return None
