"""A day of traffic with a harvest in it, in which one account is somebody's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests import traffic
from tests.service.collect.rows import ndjson

from stillwatch.model.account import ACCOUNT

__all__ = ["accounts_in", "campaign", "prompt_of", "send"]

N_PEOPLE, N_SHELLS = 300, 20
"""So few shells that a person may approve a policy that stops them all: 6 % of accounts, 12 % of traffic."""


def campaign(account: str) -> list[dict[str, Any]]:
    """Exchanges of yesterday; one of the harvest's accounts is this one."""
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    rng = np.random.default_rng(1)
    rows = traffic.people(rng, N_PEOPLE, 24) + traffic.harvest(rng, N_SHELLS, 1_000)
    for i, row in enumerate(rows):
        row["exchange_id"] = f"x{i}"
        row["time"] = yesterday.timestamp() + row["time"] / traffic.DAY_US / 14 * 86_000
        row["account_id"] = account if row["account_id"] == "shell-0" else row["account_id"]
    return rows


def prompt_of(rows: list[dict[str, Any]], account: str) -> str:
    """The harvest's template with something that it has not asked yet."""
    start, end = traffic.TEMPLATE.split("{}")
    assert any(row["account_id"] == account and row["prompt_text"].startswith(start) for row in rows)
    return f"{start}How many apples are left when somebody eats three of seven?{end}"


def send(url: str, token: str, rows: list[dict[str, Any]]) -> None:
    """Hand them to the collector, and see that all are kept."""
    headers = {"x-stillwatch-token": token, "content-type": "application/x-ndjson"}
    answer = httpx.post(f"{url}/v1/exchanges", content=ndjson(rows), headers=headers, timeout=300, trust_env=False)
    assert (answer.status_code, answer.json()["accepted"]) == (200, len(rows)), answer.text


def accounts_in(path: Path, account: str) -> None:
    """The provider's table: people are old customers, shells have come this week."""
    now = datetime.now(UTC)
    ages = {f"person-{i}": 400 for i in range(N_PEOPLE)} | {f"shell-{i}": 4 for i in range(N_SHELLS)} | {account: 4}
    rows = [
        dict.fromkeys(ACCOUNT.names) | {"account_id": name, "created_at": now - timedelta(days=days)}
        for name, days in ages.items()
    ]
    waiting = path.with_suffix(".new")
    pq.write_table(pa.Table.from_pylist(rows, schema=ACCOUNT), waiting)
    waiting.replace(path)
