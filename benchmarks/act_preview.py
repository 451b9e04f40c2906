"""What a preview of a week costs: reading, asking the policy, counting; and what asking row by row would cost.

Usage: ``.venv/bin/python -m benchmarks.act_preview [--exchanges N] [--accounts N] [--rules N]``

Traffic is drawn at random, without prompts, in hourly Parquet files; a tenth is of accused streams, far more than
findings would hold. Each policy is asked about all of it, and once more row by row about some, which must give the
same. Seconds are wall time of one process.
"""

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.act.policy.packaged import packaged
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.doubt import Evidence
from stillwatch.act.preview.judge import NO_RULE, Judged, judge
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.replay import Seen
from stillwatch.act.preview.traffic import COLUMN_OF, NEEDED
from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.model.account import ACCOUNT
from stillwatch.model.decision import Facts, Request
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.replay.traffic import Source, seen_of

START = datetime(2026, 11, 20, tzinfo=UTC)
HOURS, N_CAMPAIGNS, ACCUSED = 168, 50, 0.1
MODELS = np.array([f"model-{i}" for i in range(12)])
COUNTRIES = np.array([f"C{i}" for i in range(40)])
T = TypeVar("T")


class Drawn:
    """Random traffic on disk; the campaign of an exchange follows from its id."""

    content = "none"
    evidence = Evidence()

    def __init__(self, folder: Path, n: int, n_accounts: int) -> None:
        self.campaigns = [f"campaign-{i}" for i in range(N_CAMPAIGNS)]
        random = np.random.default_rng(7)
        account = np.minimum(random.zipf(1.3, n) - 1, n_accounts - 1)
        account = random.permutation(n_accounts)[account]
        self._campaign = np.where(random.random(n) < ACCUSED, account % N_CAMPAIGNS, -1).astype(np.int32)
        self.facts = FactsBook(_streams(random, account[self._campaign >= 0]))
        _write(folder, random, account)
        made = [START - timedelta(days=int(days)) for days in random.integers(0, 1500, n_accounts)]
        ids = [f"acct-{i}" for i in range(n_accounts)]
        columns = {"account_id": ids, "created_at": made, "verified_level": random.integers(0, 3, n_accounts)}
        table = pa.table({name: pa.array(columns[name], ACCOUNT.field(name).type) for name in columns})
        pq.write_table(table, folder / "accounts.parquet")

    def campaign_of(self, batch: pa.RecordBatch, /) -> NDArray[np.int32]:
        """By the number in the id."""
        found: NDArray[np.int32] = self._campaign[np.asarray(batch["exchange_id"].cast(pa.int64()))]
        return found


def _streams(random: np.random.Generator, account: NDArray[Any]) -> pa.Table:
    account = np.unique(account)
    n = len(account)
    columns = {
        "campaign_id": [f"campaign-{i}" for i in account % N_CAMPAIGNS],
        "account_id": [f"acct-{i}" for i in account],
        "verdict": ["harvest"] * n,
        "bits": 20 + (account % N_CAMPAIGNS).astype(float),
        "bar_bits": np.full(n, 20.0),
        "attribution_bits": random.uniform(0, 60, n),
        "share_of_account": random.random(n),
        "n_exchanges": random.integers(1, 500, n),
        "n_accounts": np.full(n, n // N_CAMPAIGNS),
        "first_seen": [START] * n,
        "last_seen": [START + timedelta(hours=HOURS)] * n,
    }
    return pa.table({name: pa.array(columns[name], STREAM_FACTS.field(name).type) for name in STREAM_FACTS.names})


def _write(folder: Path, random: np.random.Generator, account: NDArray[Any]) -> None:
    n = len(account)
    time_us = np.sort(random.integers(0, HOURS * 3_600_000_000, n)) + int(START.timestamp() * 1e6)
    columns: dict[str, Any] = {
        "exchange_id": pa.array(np.arange(n)).cast(pa.string()),
        "time": pa.array(time_us).cast(EXCHANGE.field("time").type),
        "account_id": pa.array([f"acct-{i}" for i in account.tolist()]),
        "model": pa.array(MODELS[random.integers(0, len(MODELS), n)]),
        "client_country": pa.array(COUNTRIES[random.integers(0, len(COUNTRIES), n)]),
        "temperature": pa.array(random.choice([0.0, 0.2, 0.7, 1.0], n).astype(np.float32)),
        "max_tokens": pa.array(random.choice([256, 1024, 4096, 8192], n).astype(np.int32)),
        "turn_count": pa.array(random.integers(1, 9, n).astype(np.int32)),
        "output_tokens": pa.array(random.integers(1, 3000, n).astype(np.int32)),
        "cost_usd": pa.array(random.random(n)),
    }
    table = pa.table({f.name: columns.get(f.name, pa.nulls(n, f.type)) for f in EXCHANGE}).cast(EXCHANGE)
    (folder / "logs").mkdir()
    bounds = np.linspace(0, n, HOURS + 1).astype(int).tolist()
    for hour in range(HOURS):
        part = table.slice(bounds[hour], bounds[hour + 1] - bounds[hour])
        pq.write_table(part, folder / "logs" / f"hour-{hour:03}.parquet", compression="zstd")


def ladder(n_rules: int) -> Policy:
    """Rules that look at requests, accounts and streams, few of which match."""
    rules = []
    for i in range(n_rules):
        when = (
            f"stream.accused && stream.bits_over_bar > {50.0 - i / 2:g} && stream.attribution_bits > {50 - i}"
            f" && (request.model == 'model-{i % 12}' || request.max_tokens > {100 * i})"
            f" && account.age_days < {2000 - 10 * i} && request.temperature <= 0.7"
        )
        then = 'then = "throttle"\nrate_per_minute = 1\nlasts = "1h"\nreason = "Slower."'
        rules.append(f'[[rule]]\nname = "rule-{i}"\nwhen = "{when}"\n{then}\n')
    return read_policy('name = "ladder"\n' + "".join(rules), "ladder")


def timed(label: str, n: int, job: Callable[[], T]) -> T:
    """Do it, and print its seconds and rate."""
    start = time.perf_counter()
    done = job()
    seconds = time.perf_counter() - start
    print(f"{label:<44} {seconds:>8.2f} s {n / seconds:>14,.0f} exchanges/s")
    return done


def singly(judged: Judged, seen: Seen, rows: NDArray[np.int64]) -> Counter[int]:
    """Rules of some accused exchanges, asked one by one."""
    found: Counter[int] = Counter()
    for i in rows.tolist():
        account, campaign = int(seen.accused["account"][i]), int(seen.accused["campaign"][i])
        values = seen.feature_rows[int(seen.accused["feature"][i])]
        told = {COLUMN_OF[name]: value for name, value in zip(seen.features, values, strict=True)}
        request = Request(**{"account_id": seen.totals.account_ids[account], **told})
        rule = judged.policy.judge(
            request, Facts(judged.accounts[account], judged.streams[campaign, account]), judged.now
        )
        found[NO_RULE if rule is None else judged.policy.rules.index(rule)] += 1
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=50)
    options = parser.parse_args()
    policies = packaged("default"), ladder(options.rules)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = Drawn(folder, options.exchanges, options.accounts)
        source = Source([folder / "logs"], drawn, folder / "accounts.parquet")
        uses = frozenset(fact for policy in policies for fact in policy.uses)
        n = options.exchanges
        seen = timed("read and taken in, all columns", n, lambda: seen_of(source, uses))
        print(f"  {len(seen.accused['time_us']):,} accused exchanges, {len(seen.totals.account_ids):,} accounts, "
              f"{len(seen.feature_rows):,} kinds of requests, {len(NEEDED)} columns")  # fmt: skip
        for policy in policies:
            rules = f"{policy.name}, {len(policy.rules)} rules"
            judged = timed(f"asked: {rules}", n, partial(judge, policy, seen))
            found = timed("  counted", n, partial(previewed, judged))
            rows = np.random.default_rng(3).choice(len(judged.rule), min(5_000, len(judged.rule)), replace=False)
            one_by_one = timed("  row by row (some)", len(rows), partial(singly, judged, seen, rows))
            same = one_by_one == Counter(judged.rule[rows].tolist())
            print(
                f"  {found.touched.exchanges:,} touched, {found.needs}; row by row {'the same' if same else 'DIFFERS'}"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
