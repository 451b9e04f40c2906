"""Whose turn is it: how an operation spreads its work over its accounts."""

import heapq

import numpy as np

from stillwatch.simulate.arrays import FloatArray, IntArray

__all__ = ["least_recently_used", "quotas", "sticky", "uneven", "uniform"]


def uniform(rng: np.random.Generator, n_jobs: int, n_accounts: int) -> IntArray:
    """Every job to any account; each account gets one at least when there are enough jobs."""
    if n_jobs < n_accounts:
        return rng.permutation(n_accounts)[:n_jobs]
    chosen = rng.integers(n_accounts, size=n_jobs)
    chosen[rng.permutation(n_jobs)[:n_accounts]] = rng.permutation(n_accounts)
    return chosen


def least_recently_used(starts_s: FloatArray, ends_s: FloatArray, n_accounts: int) -> IntArray:
    """Every session to the account that was idle longest when it began.

    starts_s, ends_s    Sessions in order of start; an account is in use until its session ends.

    >>> least_recently_used(np.array([0.0, 1.0, 9.0]), np.array([5.0, 2.0, 9.0]), 2).tolist()
    [0, 1, 1]
    """
    idle = [(-1.0, account) for account in range(n_accounts)]
    chosen = np.empty(len(starts_s), np.int64)
    for row, end in enumerate(np.maximum(starts_s, ends_s).tolist()):
        _, account = idle[0]
        heapq.heapreplace(idle, (end, account))
        chosen[row] = account
    return chosen


def sticky(rng: np.random.Generator, times_s: FloatArray, n_accounts: int, n_workers: int) -> IntArray:
    """Workers that keep an account for an hour of work, then take the least recently used one.

    times_s    Jobs in order of time; each goes to any worker.
    """
    worker = rng.integers(n_workers, size=len(times_s))
    hour = (times_s + rng.uniform(0.0, 3600.0, n_workers)[worker]) // 3600.0
    _, first, lease = np.unique(worker * 1_000_000.0 + hour, return_index=True, return_inverse=True)
    ends = np.zeros(len(first))
    np.maximum.at(ends, lease, times_s)
    order = np.argsort(first, kind="stable")
    accounts = np.empty(len(first), np.int64)
    accounts[order] = least_recently_used(times_s[first[order]], ends[order], n_accounts)
    return accounts[lease]


def quotas(rng: np.random.Generator, n_jobs: int, n_accounts: int) -> IntArray:
    """Equal shares: rounds in which every account has one turn, in a new order each time."""
    rounds = -(-n_jobs // n_accounts)
    return np.argsort(rng.random((rounds, n_accounts)), axis=1).ravel()[:n_jobs]


def uneven(rng: np.random.Generator, n_jobs: int, n_accounts: int) -> IntArray:
    """Loads as different as people's: every account gets one job at least when there are enough, a few get most."""
    if n_jobs <= n_accounts:
        return uniform(rng, n_jobs, n_accounts)
    chosen = np.full(n_jobs, -1, np.int64)
    weights = rng.lognormal(0.0, 1.4, n_accounts)
    extra = rng.permutation(n_jobs)[n_accounts:]
    chosen[extra] = rng.choice(n_accounts, len(extra), p=weights / weights.sum())
    chosen[chosen < 0] = rng.permutation(n_accounts)
    return chosen
