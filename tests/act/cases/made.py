"""Campaigns and evidence for tests of cases."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from tests.act.desk import NOW, Office

from stillwatch.act.cases.bundle import Disclosure, Evidence, export_case
from stillwatch.act.cases.changes import Hand
from stillwatch.act.cases.opening import update_cases
from stillwatch.act.secret import ServiceSecret
from stillwatch.model.campaign import Campaign, Exposure, Verdict
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM

__all__ = ["PROMPT", "SECRET", "campaign", "evidence", "exported", "hand", "opened_case", "rows"]

SECRET = ServiceSecret(bytes(range(32)))
PROMPT = "Explain step by step, with your reasoning: <b>=1+1</b>"


def campaign(campaign_id: str = "campaign-1", verdict: Verdict = Verdict.HARVEST, **more: Any) -> Campaign:
    """A campaign of two accounts."""
    made = Campaign(
        campaign_id=campaign_id,
        verdict=verdict,
        reasons=(),
        families=(),
        n_streams=2,
        n_accounts=2,
        n_exchanges=3,
        bits=41.5,
        first_seen=NOW - timedelta(days=2),
        last_seen=NOW - timedelta(hours=1),
        exposure=Exposure(3, None, None, None, None, {}, {}),
        timeline=(),
        heatmap=(),
        heatmap_accounts=(),
        graph_edges=(),
        not_judged=(),
    )
    return replace(made, **more)


def opened_case(office: Office, *campaigns: Campaign, now: datetime = NOW) -> list[str]:
    """Cases of the campaigns of one pass; those that changed."""
    with office.engine.begin() as connection:
        return update_cases(connection, office.trail, campaigns or [campaign()], now)


def hand(connection: Any, office: Office, by: str = "bea", now: datetime = NOW) -> Hand:
    """An analyst's hand."""
    return Hand(connection, office.trail, by, now)


def rows(n: int = 3) -> list[dict[str, Any]]:
    """Exchanges as they are kept."""
    return [
        {
            "exchange_id": f"x-{i}",
            "time": NOW - timedelta(hours=i),
            "account_id": f"acct-{i % 2}",
            "prompt_text": f"{PROMPT} {i}",
            "temperature": 0.699999988079071,
            "output_tokens": 10 + i,
            "output_text": None,
        }
        for i in range(n)
    ]


def evidence(kept: Iterable[Mapping[str, Any]] | None = None, n: int = 3) -> Evidence:
    """What the findings say of the campaign, and its exchanges, with one of somebody else."""
    found = [{"exchange_id": f"x-{i}", "campaign_id": "campaign-1", "account_id": f"acct-{i % 2}"} for i in range(n)]
    streams = [
        {
            "campaign_id": "campaign-1",
            "account_id": f"acct-{i}",
            "verdict": "harvest",
            "account_bits": 20.0,
            "attribution_bits": 9.0,
            "n_exchanges": 2,
            "account_n_exchanges": 4,
            "share_of_account": 0.5,
            "output_tokens": 20,
            "first_seen": NOW - timedelta(days=2),
            "last_seen": NOW,
        }
        for i in (1, 0)
    ]
    stranger = {"exchange_id": "y-1", "account_id": "acct-stranger", "prompt_text": "a stranger's prompt"}
    return Evidence(
        campaigns='{"format": "stillwatch-campaigns"}\n',
        streams=pa.Table.from_pylist(streams, STREAM),
        exchanges=pa.Table.from_pylist(found[::-1], FINDING_EXCHANGE),
        rows=lambda: [stranger, *(rows(n) if kept is None else kept)],
        about={"stillwatch": "0.0", "calibration": None},
    )


def exported(office: Office, told: Evidence | None = None, disclosure: Disclosure | None = None) -> bytes:
    """A bundle."""
    with office.engine.begin() as connection:
        return export_case(hand(connection, office), "campaign-1", told or evidence(), SECRET, disclosure)
