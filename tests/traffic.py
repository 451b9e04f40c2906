"""Small traffic made by hand for tests: people with their own topics, one templated harvest behind many accounts."""

from typing import Any

import numpy as np
import pyarrow as pa

from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE

DAY_US = 86_400_000_000
START_US = 1_780_000_000_000_000
TEMPLATE = (
    "You are an expert tutor. Solve the following problem step by step, show your complete reasoning inside the "
    "thinking tags, and then give the final answer on a line of its own. Problem: {} Remember to explain why every "
    "step holds."
)
_SYLLABLES = [a + b for a in "bcdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "ol", "im", "ust")]


def _word(rng: np.random.Generator) -> str:
    return "".join(rng.choice(_SYLLABLES, 3))


def people(rng: np.random.Generator, n_accounts: int, n_each: int) -> list[dict[str, Any]]:
    """Accounts with sessions at their own hours on their own few subjects."""
    rows = []
    for a in range(n_accounts):
        words, hour = [_word(rng) for _ in range(12)], rng.integers(0, 24)
        address = f"10.{rng.integers(256)}.{rng.integers(256)}.7"
        for s in range(max(n_each // 4, 1)):
            at = int(rng.integers(0, 14)) * DAY_US + int(hour) * 3_600_000_000 + int(rng.integers(0, 3_000_000_000))
            for turn in range(4):
                text = "could you help me with " + " ".join(rng.choice(words, 6)) + " please " + _word(rng)
                rows.append(
                    {
                        "account_id": f"person-{a}",
                        "time": at + turn * 90_000_000,
                        "prompt_text": text,
                        "conversation_id": f"p{a}-{s}",
                        "turn_count": turn + 1,
                        "client_address": address,
                        "client_build": f"sdk-{a % 5}",
                        "temperature": (None, 0.2, 0.7)[a % 3],
                        "has_tools": a % 4 == 0,
                        "output_tokens": 200,
                        "cost_usd": 0.001 + 0.0001 * (a % 7),
                        "model": "big-1",
                    }
                )
    return rows


def harvest(rng: np.random.Generator, n_accounts: int, n_exchanges: int) -> list[dict[str, Any]]:
    """One list dealt uniformly over accounts that share a few networks."""
    times = np.sort(rng.integers(0, 14 * DAY_US, n_exchanges))
    rows = []
    for time in times:
        a = int(rng.integers(n_accounts))
        rows.append(
            {
                "account_id": f"shell-{a}",
                "time": int(time),
                "turn_count": 1,
                "model": "big-1",
                "prompt_text": TEMPLATE.format(" ".join(_word(rng) for _ in range(18))),
                "client_address": f"192.0.{a % 7}.{a}",
                "client_build": "sdk-1",
                "temperature": 1.0,
                "max_tokens": 4096,
                "reasoning_tokens": 900,
                "output_tokens": 1500,
                "cost_usd": 0.01 + 0.0001 * (a % 7),
            }
        )
    return rows


def table(rows: list[dict[str, Any]], seed: int = 0) -> pa.Table:
    """Rows as EXCHANGE in time order, with ids that say nothing."""
    ids = np.random.default_rng(seed).permutation(len(rows))
    ordered = sorted(rows, key=lambda row: row["time"])
    full = [
        dict.fromkeys(EXCHANGE.names) | row | {"exchange_id": f"x{i:06d}", "time": START_US + row["time"]}
        for i, row in zip(ids, ordered, strict=True)
    ]
    return pa.Table.from_pylist(full, schema=EXCHANGE)


def mixed(seed: int = 1) -> pa.Table:
    """About 9,000 exchanges: 300 people, a harvest of 60 accounts."""
    rng = np.random.default_rng(seed)
    return table(people(rng, 300, 24) + harvest(rng, 60, 2_000), seed)


def accounts(exchanges: pa.Table) -> pa.Table:
    """Accounts of the exchanges; the harvest's share three means of payment."""
    ids = sorted(set(exchanges["account_id"].to_pylist()))
    rows = [
        dict.fromkeys(ACCOUNT.names)
        | {"account_id": a, "payment_fingerprint": f"card-{i % 3}" if a.startswith("shell") else f"card-{a}"}
        for i, a in enumerate(ids)
    ]
    return pa.Table.from_pylist(rows, schema=ACCOUNT)
