"""Exchanges, bodies and parcels for the tests of the collector, and what lies on a disk afterwards."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.service.collect.collector import CollectorOptions
from stillwatch.service.collect.parcel import Parcel

SALT = b"salt of the tests, 32 bytes long"
NOBODY = pa.RecordBatch.from_pylist([], QUARANTINE)


def exchange(name: str, **changed: object) -> dict[str, Any]:
    """One exchange of now."""
    return {"exchange_id": name, "time": time.time(), "account_id": "acct", "prompt_text": f"say {name}"} | changed


def ndjson(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def parcel(*names: str, at: float = 1_700_000_000.0, n_aside: int = 0) -> Parcel:
    """A parcel of exchanges with these ids."""
    when = datetime.fromtimestamp(at, UTC)
    rows = [{"exchange_id": name, "time": when, "account_id": "acct", "prompt_text": f"say {name}"} for name in names]
    aside = [{"source": "test", "row": i + 1, "unit": "line", "reason": "broken JSON"} for i in range(n_aside)]
    return Parcel(pa.RecordBatch.from_pylist(rows, EXCHANGE), pa.RecordBatch.from_pylist(aside, QUARANTINE))


def options(**changed: Any) -> CollectorOptions:
    """Options with the salt of the tests."""
    return CollectorOptions(SALT, **changed)


def stored(folder: Path) -> list[str]:
    """Ids of all exchanges by hour, in the order of their files; every file has the schema."""
    names: list[str] = []
    for path in sorted((folder / "traffic").rglob("*.parquet")):
        table = pq.ParquetFile(path).read()
        assert table.schema.equals(EXCHANGE, check_metadata=True)
        names += table["exchange_id"].to_pylist()
    return names


def n_aside(folder: Path) -> int:
    """Rows put aside."""
    return sum(pq.read_metadata(path).num_rows for path in (folder / "quarantine").rglob("*.parquet"))
