"""Logs, findings and a table of accounts on disk, small and written by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.account import ACCOUNT
from stillwatch.model.campaign import Campaign, Exposure, FamilyEvidence, Verdict
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM, Findings, Tally
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.report import write_findings

START = datetime(2026, 11, 20, tzinfo=UTC)
CAMPAIGN = "campaign-1"
FAMILY = FamilyEvidence("f", "template", 1, 2, 60.0, 50.0, 50.0, (), (), {}, (), (), ())
LOGS, FINDINGS, ACCOUNTS = "logs", "findings", "accounts.parquet"


def exchange(i: int, account: str, **more: Any) -> dict[str, Any]:
    """One exchange, a minute after the one before."""
    told = {"exchange_id": f"x-{i}", "time": START + timedelta(minutes=i), "account_id": account, "model": "large"}
    return {**dict.fromkeys(EXCHANGE.names), **told, "prompt_text": f"a secret prompt {i}", **more}


def stream(account: str, n: int, **more: Any) -> dict[str, Any]:
    """An accused stream of so many exchanges."""
    return {
        "campaign_id": CAMPAIGN,
        "account_id": account,
        "verdict": "harvest",
        "account_bits": 30.0,
        "attribution_bits": 40.0,
        "n_exchanges": n,
        "account_n_exchanges": 2 * n,
        "share_of_account": 0.5,
        "output_tokens": 0,
        "first_seen": START,
        "last_seen": START,
        **more,
    }


def findings(streams: Sequence[dict[str, Any]], exchanges: Sequence[tuple[str, str]]) -> Findings:
    """Findings of one campaign: its streams, and ids and accounts of its exchanges."""
    rows = [{"exchange_id": one, "campaign_id": CAMPAIGN, "account_id": account} for one, account in exchanges]
    campaign = Campaign(
        campaign_id=CAMPAIGN,
        verdict=Verdict.HARVEST,
        reasons=(),
        families=(FAMILY,),
        n_streams=len(streams),
        n_accounts=len(streams),
        n_exchanges=len(rows),
        bits=60.0,
        first_seen=START,
        last_seen=START,
        exposure=Exposure(len(rows), None, None, None, None, {}, {}),
        timeline=(),
        heatmap=(),
        heatmap_accounts=(),
        graph_edges=(),
        not_judged=(),
    )
    return Findings(
        campaigns=(campaign,),
        streams=pa.Table.from_pylist(list(streams), STREAM),
        exchanges=pa.Table.from_pylist(rows, FINDING_EXCHANGE),
        quarantine=QUARANTINE.empty_table(),
        tally=Tally(0, 0, 0, 0, 0, {}),
        n_accounts=3,
        n_families=7,
        not_judged=(),
        reference="by hand",
        is_default_reference=False,
        reference_units=100,
        bar_bits=20.0,
        version="0",
    )


def written(folder: Path) -> Path:
    """A folder with logs of 90 exchanges, of which two of account a are accused, and the table of accounts."""
    (folder / LOGS).mkdir()
    rows = [exchange(i, "a" if i < 4 else f"b-{i}", cost_usd=float(i), output_tokens=10) for i in range(90)]
    for part, name in ((rows[:50], "0.parquet"), (rows[50:], "1.parquet")):
        pq.write_table(pa.Table.from_pylist(part, EXCHANGE), folder / LOGS / name)
    account = {"account_id": "a", "organisation_id": "o", "created_at": START - timedelta(days=100)}
    told = [account | {"programme": "research", "verified_level": 2}, {"account_id": "b-9", "verified_level": 0}]
    pq.write_table(pa.Table.from_pylist(told, ACCOUNT), folder / ACCOUNTS)
    write_findings(findings([stream("a", 2)], [("x-0", "a"), ("x-2", "a")]), folder / FINDINGS)
    return folder
