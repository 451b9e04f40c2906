"""What a campaign took, when, and who was busy at what hour."""

from collections import Counter
from datetime import UTC, datetime
from math import fsum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.campaign import Exposure
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.search_index import CAPABILITIES

__all__ = ["HEATMAP_ACCOUNTS", "exposure", "heatmap", "timeline", "when"]

HEATMAP_ACCOUNTS: Final = 60
_HOUR_US: Final = 3_600_000_000

Columns = dict[str, NDArray[Any]]


def when(time_us: int) -> datetime:
    """UTC time of microseconds since 1970."""
    return datetime.fromtimestamp(int(time_us) / 1e6, UTC)


def exposure(columns: Columns, model_names: dict[int, str]) -> Exposure:
    """Sums over the exchanges (`ACCUSED` columns); None where no exchange carries the figure."""
    models, counts = np.unique(columns["model"], return_counts=True)
    named: Counter[str] = Counter()
    for model, n in zip(models, counts, strict=True):
        named[model_names.get(int(model), "unknown")] += int(n)
    cost = columns["cost_usd"][~np.isnan(columns["cost_usd"])]
    return Exposure(
        n_exchanges=len(columns["time_us"]),
        input_tokens=_sum(columns["input_tokens"]),
        output_tokens=_sum(columns["output_tokens"]),
        reasoning_tokens=_sum(columns["reasoning_tokens"]),
        cost_usd=fsum(cost) if len(cost) else None,  # the same in any order
        capabilities=_capabilities(columns),
        models=dict(named),
    )


def _sum(tokens: NDArray[np.int32]) -> int | None:
    total = int(tokens.astype(np.int64).sum())
    return total or None


def _capabilities(columns: Columns) -> dict[str, int]:
    """Each exchange once: the first elicitation class it shows, else tools, else plain."""
    code = np.full(len(columns["time_us"]), len(ELICITATION_CLASSES) + 1)
    code[columns["tools"].astype(bool)] = len(ELICITATION_CLASSES)
    for bit in reversed(range(len(ELICITATION_CLASSES))):
        code[(columns["elicitation"] >> np.uint16(bit)) & 1 == 1] = bit
    counts = np.bincount(code, minlength=len(CAPABILITIES))
    return {name: int(n) for name, n in zip(CAPABILITIES, counts, strict=True) if n}


def timeline(time_us: NDArray[np.int64]) -> tuple[tuple[datetime, int], ...]:
    """Exchanges by hour, hours without any left out."""
    hours, counts = np.unique(time_us // _HOUR_US, return_counts=True)
    return tuple((when(h * _HOUR_US), int(n)) for h, n in zip(hours, counts, strict=True))


def heatmap(columns: Columns) -> tuple[NDArray[np.uint64], tuple[tuple[int, ...], ...]]:
    """Busiest accounts (by hash on ties) and their exchanges by hour of the day, UTC."""
    accounts, code, n = np.unique(columns["account"], return_inverse=True, return_counts=True)
    top = np.lexsort((accounts, -n))[:HEATMAP_ACCOUNTS]
    hour = (columns["time_us"] // _HOUR_US) % 24
    grid = np.bincount(code * 24 + hour, minlength=24 * len(accounts)).reshape(-1, 24)
    return accounts[top], tuple(tuple(int(v) for v in grid[i]) for i in top)
