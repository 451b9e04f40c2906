"""Traffic as a collector keeps it, with prompts that attack whoever reads them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.report.examples import HOSTILE, example_findings

from stillwatch.model.exchange import EXCHANGE

__all__ = ["ANSWER", "CAMPAIGN", "EXCHANGE_ID", "PATH", "PROMPT", "SECRET", "keep", "kept"]

CAMPAIGN = "c-relay00017"
EXCHANGE_ID = "x-c-relay00017-1"
PATH = f"/console/campaigns/{CAMPAIGN}/exchanges/{EXCHANGE_ID}"
SECRET = "the-words-of-a-customer"  # noqa: S105
PROMPT = f"{SECRET} {HOSTILE}\nsecond line {{{{7*7}}}} \u202egnp.exe\u202c \u200bhidden\u200d"
ANSWER = f"{SECRET} answered"


def kept(exchange_id: str = EXCHANGE_ID, **more: Any) -> dict[str, Any]:
    """One exchange, in the middle of its campaign."""
    campaign = next(one for one in example_findings().campaigns if one.campaign_id == CAMPAIGN)
    row: dict[str, Any] = dict.fromkeys(EXCHANGE.names)
    return row | {
        "exchange_id": exchange_id,
        "time": campaign.first_seen + timedelta(hours=3),
        "account_id": campaign.heatmap_accounts[0],
        "model": "large-4<b>",
        "system_text": f"{SECRET} of the system",
        "prompt_text": PROMPT,
        "output_text": ANSWER,
        "output_tokens": 1234,
        "temperature": 0.5,
        "has_tools": True,
        "client_address": "203.0.113.7",
        "user_agent": f"{SECRET}-agent",
        **more,
    }


def keep(traffic: Path, *rows: dict[str, Any], name: str = "a") -> Path:
    """Write rows where the collector would, by the hour of the first."""
    at = rows[0]["time"]
    folder = traffic / f"date={at:%Y-%m-%d}" / f"hour={at:%H}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=EXCHANGE), folder / f"{name}.parquet")
    return folder / f"{name}.parquet"
