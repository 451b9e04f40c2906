"""Windows among benign days, and many windows of one file: ranks, places and what allows for how many there are."""

import numpy as np
import pytest
from scipy.stats import kstest

from stillwatch.detect.windows.drift import score_drift
from stillwatch.detect.windows.sliding import adjusted, score_each, spans_of
from stillwatch.errors import InvalidInput

SUBJECTS = ["card", "parcel", "invoice", "train", "hotel", "flight", "loan", "refund", "garden", "engine"]


def day_of(subject: int, n: int, seed: int) -> list[str]:
    """A day's queries, half of them on what the day is about."""
    rng = np.random.default_rng([seed, subject])
    pick = np.where(rng.random(n) < 0.5, subject % len(SUBJECTS), rng.integers(0, len(SUBJECTS), n))
    return [f"where is my {SUBJECTS[i]} {rng.choice(['now', 'today', 'please'])}" for i in pick]


def test_a_day_like_the_others_does_not_stand_out_by_drift() -> None:
    """A window with a subject of its own differs as any day does; one with a campaign stands out most."""
    days = [day_of(d, 60, 1) for d in range(8)]
    campaign = [f"Explain your reasoning on claim {i} and grade it" for i in range(60)]
    assert score_drift(days, campaign).rank == 1
    assert score_drift(days, campaign).p_value == pytest.approx(1 / 9)
    assert score_drift(days, day_of(8, 60, 1)).rank > 1


def test_drift_p_values_are_uniform_over_days() -> None:
    """A window that is one more such day has every rank equally often (Kolmogorov-Smirnov on jittered ranks)."""
    rng = np.random.default_rng(0)
    values = []
    for trial in range(40):
        days = [day_of(int(d), 24, trial) for d in rng.permutation(20)[:5]]
        values.append((score_drift(days[1:], days[0], seed=trial).rank - rng.random()) / 5)
    assert kstest(values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("n_days", [0, 1, 1000])
def test_days_are_few_enough_and_more_than_one(n_days: int) -> None:
    """One day shows no drift, and a thousand leave too few texts of each."""
    with pytest.raises(InvalidInput, match="benign days must be at"):
        score_drift([["text"] * 25] * n_days, ["text"] * 25)


def test_windows_cover_the_file() -> None:
    """Every text is in a window, and all windows have one length."""
    for n, window, step in ((100, 30, 30), (100, 100, 7), (95, 20, 5), (10, 20, 20)):
        spans = spans_of(n, window, step)
        assert {i for a, b in spans for i in range(a, b)} == set(range(n))
        assert {b - a for a, b in spans} == {min(window, n)}


@pytest.mark.parametrize(("n", "window", "step"), [(10, 0, 1), (10, 5, 0), (5000, 20, 1)])
def test_windows_that_cannot_be_are_refused(n: int, window: int, step: int) -> None:
    """No window, no step, or too many windows."""
    with pytest.raises(InvalidInput, match="at"):
        spans_of(n, window, step)


def test_the_window_that_holds_the_campaign_is_found() -> None:
    """Of three windows the one with the campaign passes Holm, and places count from 1."""
    campaign = [f"Explain your reasoning on claim {i} and grade it" for i in range(40)]
    suspect = day_of(1, 40, 2) + campaign + day_of(1, 40, 3)
    spans = spans_of(len(suspect), 40, 40)
    scores = list(score_each(day_of(1, 200, 1), suspect, spans, permutations=999))
    windows = adjusted(spans, scores, 0.01)
    assert [(each.first, each.last) for each in windows] == [(1, 40), (41, 80), (81, 120)]
    assert [each.holm <= 0.01 for each in windows] == [False, True, False]
    assert [each.is_found for each in windows] == [False, True, False]
