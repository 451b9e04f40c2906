"""Folders of logs as a provider lays them out, and what two scans of the same traffic must agree on."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests import traffic

import stillwatch
from stillwatch.model.exchange import EXCHANGE
from stillwatch.report.json import to_json

__all__ = ["campaigns_of", "harvests", "same_findings", "without", "write"]


def write(folder: Path, exchanges: pa.Table, *, files: int = 1, accounts: bool = True) -> Path:
    """Lay out a folder of logs, cut into `files` in the order of the rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, rows in enumerate(np.array_split(np.arange(exchanges.num_rows), files)):
        pq.write_table(exchanges.take(pa.array(rows)), folder / f"log-{i}.parquet")
    if accounts:
        pq.write_table(traffic.accounts(exchanges), folder / "accounts.parquet")
    return folder


def without(exchanges: pa.Table, columns: Iterable[str]) -> pa.Table:
    """The same exchanges with some columns null."""
    for name in columns:
        field = EXCHANGE.field(name)
        nulls = pa.nulls(exchanges.num_rows, field.type)
        exchanges = exchanges.set_column(exchanges.schema.get_field_index(name), field, nulls)
    return exchanges


def harvests(findings: stillwatch.Findings) -> list[stillwatch.Campaign]:
    """Campaigns that accuse somebody."""
    return [c for c in findings.campaigns if c.verdict == "harvest"]


def campaigns_of(findings: stillwatch.Findings) -> list[dict[str, Any]]:
    """Campaigns as campaigns.json has them, floating-point numbers to the last bit."""
    campaigns: list[dict[str, Any]] = json.loads(to_json(findings))["campaigns"]
    return campaigns


def same_findings(one: stillwatch.Findings, other: stillwatch.Findings) -> None:
    """Check campaigns, streams and exchanges; only the order of exchanges may follow the logs."""
    assert campaigns_of(one) == campaigns_of(other)
    assert one.streams.equals(other.streams)
    assert one.exchanges.sort_by("exchange_id").equals(other.exchanges.sort_by("exchange_id"))
    assert one.not_judged == other.not_judged
    assert (one.n_accounts, one.n_families) == (other.n_accounts, other.n_families)
