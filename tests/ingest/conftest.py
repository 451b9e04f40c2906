"""Rows, files and the check that counts add up, for all tests of ingest."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from stillwatch.ingest import Ingest, ingest
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.quarantine import QUARANTINE

Row = Callable[..., dict[str, Any]]
Lines = Callable[..., Path]
Read = Callable[..., tuple[Ingest, pa.Table]]


@pytest.fixture
def row() -> Row:
    """Make a good row, some columns replaced."""

    def make(i: int = 0, **changed: object) -> dict[str, Any]:
        good = {"exchange_id": f"ex-{i}", "time": "2026-01-01T00:00:00Z", "account_id": "acct", "prompt_text": "hello"}
        return good | changed

    return make


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Write rows, or lines as they are, to an NDJSON file."""

    def write(*rows: dict[str, Any] | bytes, name: str = "log.ndjson") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows))
        return path

    return write


def read_all(paths: Any, **options: Any) -> tuple[Ingest, pa.Table]:
    """Read logs to the end and check that every row is accounted for."""
    logs = ingest(paths, **options)
    table = pa.Table.from_batches(list(logs.batches()), EXCHANGE)
    table.validate(full=True)
    tally = logs.tally
    assert table.num_rows == tally.rows_kept
    assert logs.quarantine.num_rows == tally.rows_quarantined
    assert logs.quarantine.schema.equals(QUARANTINE)
    assert tally.rows_read == tally.rows_kept + tally.rows_quarantined + tally.rows_duplicate
    assert tally.rows_read == sum(tally.formats.values())
    return logs, table


@pytest.fixture
def read() -> Read:
    """`read_all`."""
    return read_all
