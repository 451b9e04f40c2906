"""Traffic made of texts, for baselines that look at nothing else."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE

__all__ = ["TextTraffic", "sentences"]

START = datetime(2026, 9, 7, tzinfo=UTC)


class TextTraffic:
    """What accounts sent, one prompt a second in turns; those of `trusted` are old and verified by a person."""

    def __init__(self, prompts: Mapping[str, Sequence[str | None]], trusted: Sequence[str] = ()) -> None:
        names = sorted(prompts)
        self.account_id = pa.array(names, pa.string())
        turns = max(len(texts) for texts in prompts.values())
        sent = [(i, prompts[n][t]) for t in range(turns) for i, n in enumerate(names) if t < len(prompts[n])]
        self._table = pa.table(
            {
                "account": pa.array([i for i, _ in sent], pa.int32()),
                "time": pa.array([START + timedelta(seconds=s) for s in range(len(sent))], EXCHANGE.field("time").type),
                "prompt_text": pa.array([text for _, text in sent], pa.string()),
            }
        )
        rows = [
            {
                "account_id": n,
                "created_at": START - timedelta(days=400 if n in trusted else 2),
                "verified_level": 2 if n in trusted else 0,
            }
            for n in names
        ]
        self.accounts = pa.Table.from_pylist(rows, ACCOUNT)
        self.n_exchanges = len(sent)

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Columns after ``account``."""
        return self._table.select(["account", *columns])


def sentences(rng: np.random.Generator, n: int, vocabulary: str, n_words: int = 12) -> list[str]:
    """Random words of a vocabulary that is named by its first letter."""
    return [" ".join(f"{vocabulary}{_letters(w)}" for w in rng.zipf(1.5, n_words) % 500) for _ in range(n)]


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
