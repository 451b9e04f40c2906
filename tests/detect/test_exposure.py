"""Exposure, timeline and heat map against plain counting."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.exposure import HEATMAP_ACCOUNTS, exposure, heatmap, timeline

HOUR_US = 3_600_000_000


def columns(n: int, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Random exchanges of a campaign."""
    return {
        "time_us": rng.integers(0, 50 * HOUR_US, n),
        "account": rng.integers(1, 90, n).astype(np.uint64),
        "elicitation": rng.choice([0, 1, 2, 3], n).astype(np.uint16),
        "tools": rng.random(n) < 0.3,
        "model": rng.integers(1, 3, n).astype(np.uint64),
        "input_tokens": rng.integers(0, 9, n).astype(np.int32),
        "output_tokens": rng.integers(0, 9, n).astype(np.int32),
        "reasoning_tokens": np.zeros(n, np.int32),
        "cost_usd": np.where(rng.random(n) < 0.5, np.nan, 0.25).astype(np.float32),
    }


def test_sums_and_capabilities() -> None:
    """Each exchange counts once, for the first class it shows; a figure nobody reports is None, not 0."""
    found = columns(500, np.random.default_rng(1))
    result = exposure(found, {1: "big", 2: "small"})
    expected = Counter(
        "reasoning" if e & 1 else "grading" if e & 2 else "tools" if t else "plain"
        for e, t in zip(found["elicitation"].tolist(), found["tools"].tolist(), strict=True)
    )
    assert dict(result.capabilities) == dict(expected)
    assert result.output_tokens == found["output_tokens"].sum()
    assert result.reasoning_tokens is None
    assert result.cost_usd == 0.25 * np.isfinite(found["cost_usd"]).sum()
    assert sum(result.models.values()) == 500


def test_unreported_cost_is_unknown() -> None:
    """NaN everywhere is None."""
    found = columns(5, np.random.default_rng(2)) | {"cost_usd": np.full(5, np.nan, np.float32)}
    assert exposure(found, {}).cost_usd is None


def test_timeline_and_heatmap_count_every_exchange_of_the_accounts_shown() -> None:
    """Hours without traffic are left out; the busiest accounts stand first."""
    found = columns(2_000, np.random.default_rng(3))
    hours = timeline(found["time_us"])
    accounts, grid = heatmap(found)
    assert {int(h.timestamp()) // 3600: n for h, n in hours} == dict(Counter((found["time_us"] // HOUR_US).tolist()))
    totals = Counter(found["account"].tolist())
    assert [sum(row) for row in grid] == [totals[int(a)] for a in accounts]
    assert len(grid) == HEATMAP_ACCOUNTS
    assert sum(grid[0]) == max(totals.values())
