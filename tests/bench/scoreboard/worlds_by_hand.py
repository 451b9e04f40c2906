"""A world of a few exchanges, written by hand, and findings about it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.bench.scoreboard.worker import ACCOUNT_SCORE
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM
from stillwatch.simulate import TRUTH_ACCOUNT, TRUTH_EXCHANGE

NOW = datetime(2026, 9, 7, tzinfo=UTC)
FACTS = {"wall_s": 2.0, "peak_bytes": 1 << 30, "stage_s": {"read": 1.0}, "bar_bits": 10.0}

# account, kind of the account, campaign of the account, campaign of its exchanges, entity, how many
SENT = [
    ("bad-1", "slow-drip", "slow-drip", "slow-drip", "slow-drip#1", 6),
    ("bad-2", "slow-drip", "slow-drip", "slow-drip", "slow-drip#1", 4),
    ("relay-1", "relay-mixed", "relay-mixed", "relay-mixed", "relay-mixed#1", 2),
    ("relay-1", "relay-mixed", "relay-mixed", None, "relay-mixed#1", 8),
    ("class-1", "classrooms", None, None, "classrooms#1", 3),
    ("class-2", "classrooms", None, None, "classrooms#1", 3),
    ("ann", "people", None, None, "people#1", 5),
]


def write_world(folder: Path) -> Path:
    """Logs and truth of `SENT`; exchange i of an account is ``account/i`` and is sent in hour i."""
    logs, truth = [], []
    for account, population, _, campaign, entity, n in SENT:
        for i in range(n):
            name = f"{account}/{campaign or 'ok'}/{i}"
            kind = campaign or population
            logs.append({"exchange_id": name, "account_id": account, "time": NOW + timedelta(hours=i)})
            truth.append([name, account, kind, campaign, entity])
    accounts = sorted({(account, kind, owner) for account, kind, owner, *_ in SENT})
    for part in ("logs", "truth"):
        (folder / part).mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(logs), folder / "logs" / "part-0000.parquet")
    columns = list(zip(*truth, strict=True))
    pq.write_table(
        pa.table([pa.array(c, pa.string()) for c in columns], schema=TRUTH_EXCHANGE),
        folder / "truth" / "exchanges.parquet",
    )
    pq.write_table(
        pa.table([pa.array(c, pa.string()) for c in zip(*accounts, strict=True)], schema=TRUTH_ACCOUNT),
        folder / "truth" / "accounts.parquet",
    )
    return folder


def write_findings(out: Path, accused: dict[str, tuple[str, list[str]]], scores: dict[str, float]) -> Path:
    """What a scan leaves: campaigns by id with verdict and exchanges, and one number for every account."""
    out.mkdir(parents=True)
    rows = [(name, campaign, name.split("/")[0]) for campaign, (_, names) in accused.items() for name in names]
    blank: dict[str, Any] = {f.name: 0 if pa.types.is_integer(f.type) else 0.0 for f in STREAM}
    streams = [
        blank | {"campaign_id": c, "account_id": a, "verdict": accused[c][0], "first_seen": NOW, "last_seen": NOW}
        for c, a in sorted({(c, a) for _, c, a in rows})
    ]
    pq.write_table(pa.Table.from_pylist(streams, schema=STREAM), out / "streams.parquet")
    columns = [pa.array([row[j] for row in rows], pa.string()) for j in range(3)]
    pq.write_table(pa.table(columns, schema=FINDING_EXCHANGE), out / "exchanges.parquet")
    pq.write_table(score_table(scores), out / "accounts.parquet")
    return out


def score_table(scores: dict[str, float]) -> pa.Table:
    """Scores as a method leaves them."""
    names = sorted(scores)
    return pa.table([names, [scores[name] for name in names]], schema=ACCOUNT_SCORE)
