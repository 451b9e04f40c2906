"""Dispatchers against a plain reading of what they promise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.dispatch import least_recently_used, quotas, sticky, uneven, uniform


def oldest_first(starts: list[float], ends: list[float], n_accounts: int) -> list[int]:
    """Least recently used, by looking at all accounts every time."""
    free_since = [(-1.0, account) for account in range(n_accounts)]
    chosen = []
    for start, end in zip(starts, ends, strict=True):
        since, account = min(free_since)
        free_since.remove((since, account))
        free_since.append((max(start, end), account))
        chosen.append(account)
    return chosen


@given(lengths=st.lists(st.integers(0, 50), max_size=40), n_accounts=st.integers(1, 8))
def test_least_recently_used(lengths: list[int], n_accounts: int) -> None:
    """The heap gives what a search through all accounts gives."""
    starts = np.arange(len(lengths), dtype=float)
    ends = starts + np.array(lengths, dtype=float)
    expected = oldest_first(starts.tolist(), ends.tolist(), n_accounts)
    assert least_recently_used(starts, ends, n_accounts).tolist() == expected


@given(n_jobs=st.integers(1, 200), n_accounts=st.integers(1, 30), seed=st.integers(0, 20))
def test_uniform_forgets_nobody(n_jobs: int, n_accounts: int, seed: int) -> None:
    """Every account has work when there is enough, and none is invented."""
    chosen = uniform(np.random.default_rng(seed), n_jobs, n_accounts)
    assert len(chosen) == n_jobs
    assert len(np.unique(chosen)) >= min(n_jobs, n_accounts) * 0.5
    assert set(chosen.tolist()) <= set(range(n_accounts))


@given(n_jobs=st.integers(1, 200), n_accounts=st.integers(1, 30), seed=st.integers(0, 20))
def test_quotas_are_equal(n_jobs: int, n_accounts: int, seed: int) -> None:
    """No account has more than one job more than another."""
    counts = np.bincount(quotas(np.random.default_rng(seed), n_jobs, n_accounts), minlength=n_accounts)
    assert counts.max() - counts.min() <= 1


def test_sticky_keeps_an_account_for_an_hour() -> None:
    """A single worker uses one account an hour, and in turn all of them."""
    times = np.arange(0.0, 86_400.0, 60.0)
    chosen = sticky(np.random.default_rng(0), times, 6, 1)
    changes = np.flatnonzero(np.diff(chosen)) + 1
    assert (np.diff(times[changes]) == 3_600.0).all()
    assert len(np.unique(chosen)) == 6


@given(n_jobs=st.integers(1, 200), n_accounts=st.integers(1, 30), seed=st.integers(0, 20))
def test_uneven_forgets_nobody(n_jobs: int, n_accounts: int, seed: int) -> None:
    """Every account has work when there is enough."""
    chosen = uneven(np.random.default_rng(seed), n_jobs, n_accounts)
    assert len(chosen) == n_jobs
    assert len(np.unique(chosen)) == min(n_jobs, n_accounts)


def test_uneven_is_uneven() -> None:
    """The busiest fifth of the accounts does most of the work."""
    counts = np.sort(np.bincount(uneven(np.random.default_rng(0), 20_000, 100)))
    assert counts[-20:].sum() > 0.5 * 20_000
