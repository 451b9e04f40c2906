"""Batches of exchanges from a few columns."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from stillwatch.model.exchange import EXCHANGE

__all__ = ["exchanges"]


def exchanges(n: int, **columns: Sequence[Any]) -> pa.RecordBatch:
    """Batch of `n` exchanges, null but for the required columns and those given."""
    required = {
        "exchange_id": [f"x{i}" for i in range(n)],
        "time": [datetime(2026, 3, 1, tzinfo=UTC)] * n,
        "account_id": [f"a{i % 7}" for i in range(n)],
    }
    given = required | columns
    arrays = [pa.array(given.get(field.name, [None] * n), field.type) for field in EXCHANGE]
    return pa.record_batch(arrays, schema=EXCHANGE)
