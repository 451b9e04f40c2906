"""Measures of the scoreboard against plain counting, scipy and the older score."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from stillwatch.bench.measures import (
    account_truth,
    average_precision,
    bootstrap_over_seeds,
    clustered_interval,
    found_campaigns,
    recall_at,
    threshold_at,
)
from stillwatch.bench.score import score_tables
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM

SCORES = st.lists(st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 2.0, 3.0]), min_size=1, max_size=40)


@given(attack=SCORES, legitimate=SCORES, rate=st.sampled_from([0.0, 0.05, 0.3, 0.5, 1.0]))
def test_recall_is_the_best_of_all_thresholds(attack: list[float], legitimate: list[float], rate: float) -> None:
    """Trying every threshold one by one finds the same recall and never more false accounts than allowed."""
    best = 0.0
    for t in {-math.inf, *attack, *legitimate}:
        if sum(s > t for s in legitimate) <= rate * len(legitimate) + 1e-9:
            best = max(best, sum(s > t for s in attack) / len(attack))
    assert recall_at(attack, legitimate, rate) == pytest.approx(best)
    assert sum(s > threshold_at(legitimate, rate) for s in legitimate) <= rate * len(legitimate) + 1e-9


def test_the_highest_scores_are_enough() -> None:
    """Recall from the top of the legitimate scores is that from all of them, and too few are refused."""
    rng = np.random.default_rng(3)
    attack, legitimate = rng.normal(2, 1, 50), rng.normal(0, 1, 1000)
    top = np.sort(legitimate)[-12:]
    assert recall_at(attack, top, 0.01, 1000) == recall_at(attack, legitimate, 0.01)
    with pytest.raises(InvalidInput, match="only 12 scores of 1000"):
        recall_at(attack, top, 0.05, 1000)


def test_accounts_that_cannot_be_judged_are_never_accused() -> None:
    """Even when everybody may be accused, -inf stays out; a rate out of range is refused."""
    assert recall_at([-math.inf, 1.0], [0.0, 0.0], 1.0) == 0.5
    assert math.isnan(recall_at([], [0.0], 0.0))
    with pytest.raises(InvalidInput, match=r"1\.5"):
        threshold_at([0.0], 1.5)


@given(attack=SCORES, legitimate=SCORES)
def test_average_precision_is_the_sum_over_thresholds(attack: list[float], legitimate: list[float]) -> None:
    """Step by step from the highest threshold down, as the textbook writes it."""
    total, before = 0.0, 0.0
    for t in sorted({s for s in [*attack, *legitimate] if s > -math.inf}, reverse=True):
        hits, wrong = sum(s >= t for s in attack), sum(s >= t for s in legitimate)
        total += (hits / len(attack) - before) * hits / (hits + wrong)
        before = hits / len(attack)
    assert average_precision(attack, legitimate) == pytest.approx(total)
    assert math.isnan(average_precision([], legitimate))


def findings(reported: np.ndarray) -> tuple[pa.Table, pa.Table]:
    """Streams and exchanges of harvest campaigns from each exchange's reported code, -1 none."""
    rows = [(f"x{i}", f"c{r}", f"a{i}") for i, r in enumerate(reported) if r >= 0]
    exchanges = pa.table([pa.array([row[j] for row in rows], pa.string()) for j in range(3)], schema=FINDING_EXCHANGE)
    blank = {f.name: 0 if pa.types.is_integer(f.type) else 0.0 for f in STREAM}
    when = datetime(2026, 1, 1, tzinfo=UTC)
    streams = [
        blank | {"campaign_id": c, "account_id": a, "verdict": "harvest", "first_seen": when, "last_seen": when}
        for _, c, a in rows
    ]
    return pa.Table.from_pylist(streams, schema=STREAM), exchanges


@pytest.mark.parametrize("seed", range(6))
def test_campaigns_are_found_as_the_score_command_finds_them(seed: int) -> None:
    """Coverage, purity and found agree with `stillwatch score` on random findings."""
    rng = np.random.default_rng(seed)
    planted = np.sort(rng.integers(-1, 4, 300))
    reported = np.where(rng.random(300) < 0.85, planted, rng.integers(-1, 5, 300))
    held = np.array([[np.sum((planted == i) & (reported == j)) for j in range(5)] for i in range(4)])
    found = found_campaigns(held, [np.sum(planted == i) for i in range(4)], [np.sum(reported == j) for j in range(5)])
    names = pa.array([f"p{p}" if p >= 0 else None for p in planted], pa.string())
    accounts = pa.array([f"a{i}" for i in range(300)])
    truth = pa.table({"exchange_id": [f"x{i}" for i in range(300)], "account_id": accounts, "campaign": names})
    known = pa.table({"account_id": accounts, "population": pc_fill(names), "campaign": names})
    scored = score_tables(truth, known, *findings(reported)).campaigns
    assert found.coverage == pytest.approx([c.coverage for c in scored])
    assert found.purity == pytest.approx([c.purity for c in scored])
    assert found.is_found.tolist() == [c.found for c in scored]


def pc_fill(names: pa.Array) -> pa.Array:
    """Campaigns' names, and people for everybody else."""
    return names.fill_null("people")


def test_nothing_reported_finds_nothing() -> None:
    """No reported campaign: coverage and purity 0, and none is the best."""
    found = found_campaigns(np.zeros((2, 0)), [5, 6], [])
    assert found.is_found.tolist() == [False, False]
    assert found.best.tolist() == [-1, -1]


def test_units_of_one_account_give_clopper_pearson() -> None:
    """Without clusters the interval is the textbook's, up to the units' own degree of freedom."""
    false = np.zeros(2000)
    false[:7] = 1
    rate, low, high = clustered_interval(false, np.ones(2000))
    assert rate == pytest.approx(7 / 2000)
    assert low == pytest.approx(beta.ppf(0.025, 7, 1994), rel=2e-3)
    assert high == pytest.approx(beta.ppf(0.975, 8, 1993), rel=2e-3)
    _, none, most = clustered_interval(np.zeros(2000), np.ones(2000))
    assert none == 0.0
    assert most == pytest.approx(1 - 0.025 ** (1 / 2000))


def test_whole_units_count_as_one() -> None:
    """When units of 50 are accused whole, the interval is that of the units."""
    false = np.zeros(40)
    false[:3] = 50
    rate, low, high = clustered_interval(false, np.full(40, 50))
    assert rate == pytest.approx(3 / 40)
    assert low == pytest.approx(beta.ppf(0.025, 3, 38), rel=0.05)
    assert high == pytest.approx(beta.ppf(0.975, 4, 37), rel=0.05)
    assert all(math.isnan(v) for v in clustered_interval([], []))


def test_the_clustered_interval_covers() -> None:
    """Drawn 400 times with whole units accused at a known rate, the interval misses it at most as often as it says."""
    rng = np.random.default_rng(11)
    sizes = rng.integers(1, 60, 150)
    missed = 0
    for _ in range(400):
        false = sizes * (rng.random(150) < 0.04)
        _, low, high = clustered_interval(false, sizes)
        missed += not low <= 0.04 <= high
    assert missed <= 0.08 * 400


def test_bootstrap_of_a_mean_has_the_textbook_width() -> None:
    """The interval of a mean of many parts is that of the normal approximation; one part has none."""
    parts = np.random.default_rng(5).normal(0, 1, 60).tolist()
    value, low, high = bootstrap_over_seeds(lambda p: [np.mean(p), 1.0], parts)
    half = 1.96 * np.std(parts) / math.sqrt(60)
    assert value[0] == pytest.approx(np.mean(parts))
    assert (high[0] - low[0]) / 2 == pytest.approx(half, rel=0.12)
    assert (low[1], high[1]) == (1.0, 1.0)
    assert np.isnan(bootstrap_over_seeds(np.sum, [1.0])[1])


def test_operators_accounts_are_attackers(tmp_path: Path) -> None:
    """Accounts with a campaign are, aligned with the ids asked for; without truth the error says what to do."""
    with pytest.raises(MissingData, match="simulate"):
        account_truth(tmp_path, pa.array(["a"]))
    (tmp_path / "truth").mkdir()
    table = pa.table({"account_id": ["b", "a", "c"], "campaign": pa.array(["slow-drip", None, None], pa.string())})
    pq.write_table(table, tmp_path / "truth" / "accounts.parquet")
    assert account_truth(tmp_path, pa.array(["a", "b", "z"])).tolist() == [False, True, False]
