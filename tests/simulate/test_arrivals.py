"""Bursts and job lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.arrivals import bursts, job_times, real_rhythm


@given(n=st.integers(1, 500), windows=st.integers(1, 40), seed=st.integers(0, 99))
def test_bursts_are_complete_and_ordered(n: int, windows: int, seed: int) -> None:
    """Exactly `n` times, in order, inside the windows."""
    rng = np.random.default_rng(seed)
    times = bursts(rng, n, rng.uniform(0.1, 1.0, windows), rng.uniform(0.2, 6.0, windows))
    assert len(times) == n
    assert (np.diff(times) >= 0.0).all()
    assert 0.0 <= times[0] <= times[-1] < windows * 600.0


def test_bursts_follow_the_rates() -> None:
    """A window with nine tenths of the rate has nine tenths of the requests."""
    times = bursts(np.random.default_rng(0), 5_000, np.array([1.0, 9.0]), np.array([1.0, 1.0]))
    assert abs((times >= 600.0).mean() - 0.9) < 0.02


def test_variation_of_gaps_is_the_one_asked_for() -> None:
    """Gaps with a coefficient of variation of 1 are exponential; with 4, much burstier."""
    for wanted, low, high in ((1.0, 0.85, 1.15), (4.0, 2.0, 4.5)):
        times = bursts(np.random.default_rng(0), 40_000, np.ones(20), np.full(20, wanted))
        gaps = np.diff(times)
        assert low < gaps.std() / gaps.mean() < high


def test_rhythm_without_traces_is_a_rhythm() -> None:
    """Every window has a rate and a variation, and not all are alike."""
    rates, cvs = real_rhythm(np.random.default_rng(0), 14.0, None)
    assert len(rates) == len(cvs) == 14 * 144
    assert (rates > 0.0).all()
    assert rates.std() > 0.1 * rates.mean()
    assert 0.9 < np.median(cvs) < 1.8


def test_jobs_keep_to_their_days() -> None:
    """A list is worked off between its first and last day."""
    times = job_times(np.random.default_rng(0), 800, 2.0, 5.5, 1.0)
    assert times.min() >= 2.0 * 86_400
    assert times.max() < 5.5 * 86_400
    assert (np.diff(times) >= 0.0).all()
