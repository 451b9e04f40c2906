"""Seeds together: one threshold for all, intervals over seeds, kinds over worlds."""

import math

import numpy as np
import pytest

from stillwatch.bench.measures import recall_at
from stillwatch.bench.scoreboard.judging import Judged
from stillwatch.bench.scoreboard.pooling import CURVE_RATES, curve, headline, kind_rows
from stillwatch.bench.scoreboard.results import OURS, Outcome

from .boards import outcome


def judged(seed: int, shift: float = 0.0, method: str = OURS, n_false: int = 0) -> Judged:
    """Two thousand legitimate accounts in units of ten, a hundred attackers; scores of a seed may all be shifted."""
    rng = np.random.default_rng(seed)
    good, bad = rng.normal(0, 1, 2000) + shift, rng.normal(3, 1, 100) + shift
    false = np.column_stack([np.zeros(200, np.int64), np.full(200, 10)])
    false[:n_false, 0] = 1
    made = outcome(method, seed, n_false=n_false, n_legitimate=2000, n_attackers=100)
    kinds = np.array(["people"] * 150 + ["tools"] * 50, object)
    return Judged(made, bad, np.sort(good)[-502:], false, kinds, {"people": 1500, "tools": 500})


def test_one_threshold_stands_for_all_seeds() -> None:
    """Recall is that of the union, which is less than the mean when seeds lie apart."""
    parts = [judged(1), judged(2, shift=2.0)]
    line = headline("campaigns", "ours", parts)
    bad, good = (np.concatenate([getattr(p, name) for p in parts]) for name in ("attack", "legitimate"))
    assert line.measures["recall_0.001"].value == pytest.approx(recall_at(bad, good, 1e-3, 4000))
    alone = np.mean([recall_at(p.attack, p.legitimate, 1e-3, 2000) for p in parts])
    assert line.measures["recall_0.001"].value < alone
    assert (line.n_found, line.n_campaigns) == (2, 4)
    assert line.measures["exchange_precision"].value == pytest.approx(1000 / 1010)


def test_intervals_need_seeds() -> None:
    """One seed has no interval; several hold the value inside theirs."""
    assert math.isnan(headline("campaigns", "ours", [judged(1)]).measures["recall_0"].low)
    measured = headline("campaigns", "ours", [judged(s) for s in range(1, 7)]).measures["recall_0.001"]
    assert measured.low <= measured.value <= measured.high
    assert measured.low < measured.high


def test_worlds_of_one_seed_are_drawn_together() -> None:
    """Two worlds of one seed are one part of the bootstrap: still no interval."""
    assert math.isnan(headline("all", "ours", [judged(1), judged(1, shift=1.0)]).measures["recall_0"].low)


def test_curves_rise_and_meet_the_headline() -> None:
    """Recall never falls with more false accounts, and equals the headline where both are given."""
    parts = [judged(1), judged(2)]
    drawn = curve("campaigns", parts)
    assert list(drawn.recall) == sorted(drawn.recall)
    at = CURVE_RATES.index(1e-3)
    assert drawn.recall[at] == headline("campaigns", "ours", parts).measures["recall_0.001"].value


def test_false_accounts_are_counted_over_units() -> None:
    """Four false accounts of 4,000: a thousand in a million, and the interval holds it."""
    measured = headline("campaigns", "ours", [judged(1, n_false=2), judged(2, n_false=2)]).measures["false_per_million"]
    assert measured.value == pytest.approx(1000)
    assert 0 < measured.low < 1000 < measured.high


def test_the_worst_kind_stands_first() -> None:
    """Kinds by the share that we accused, with what others accused beside it."""
    ours, other = judged(1), judged(1, method="volume")
    ours.outcome.false_by_kind.update({"tools": 5, "people": 6})  # type: ignore[attr-defined]
    rows = kind_rows({OURS: [ours], "volume": [other]})
    assert [row.kind for row in rows] == ["tools", "people"]
    assert (rows[0].n_accounts, rows[0].n_units, rows[0].accused) == (500, 50, {OURS: 5, "volume": 0})


def test_a_world_without_attacks_has_no_recall() -> None:
    """Only false accounts are measured there."""
    innocent = judged(1)
    blank = Outcome(OURS, "innocents", 1, "ok", n_legitimate=2000)
    line = headline("innocents", "ours", [Judged(blank, np.zeros(0), *_rest(innocent))])
    assert math.isnan(line.measures["recall_0"].value)
    assert math.isnan(line.measures["average_precision"].value)
    assert line.measures["false_per_million"].value == 0


def _rest(part: Judged) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, int]]:
    return part.legitimate, part.false, part.kinds, dict(part.n_by_kind)
