"""Find one exchange where the traffic is kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.compute as pc

from stillwatch.console.console import Console
from stillwatch.errors import UnreadableSource
from stillwatch.ingest import ingest, installation_salt

__all__ = ["find_exchange"]

_MOST_HOURS: Final = 24 * 400
_ONE: Final = "SELECT * FROM read_parquet($files) WHERE exchange_id = $exchange LIMIT 1"


def find_exchange(console: Console, exchange_id: str, span: tuple[datetime, datetime]) -> dict[str, Any] | None:
    """The exchange as it was taken in; None when it is kept no longer, or was never here.

    span        First and last exchange of its stream: of a service only these hours are looked into.
    Raises      UnreadableSource when what is kept cannot be read.
    """
    if console.is_local:
        return _in_logs(console.logs, exchange_id)
    files = [str(path) for path in _files(console.home.traffic, span)]
    if not files:
        return None
    try:
        with duckdb.connect() as database:
            found = database.execute(_ONE, {"files": files, "exchange": exchange_id})
            names, row = [column[0] for column in found.description or ()], found.fetchone()
    except duckdb.Error as error:
        message = f"the stored traffic cannot be read just now ({type(error).__name__}); try again"
        raise UnreadableSource(message) from error
    return None if row is None else dict(zip(names, row, strict=True))


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
