"""Actions of pairs of accounts on one object that lie close in time. The twin is `_twins.matched_pairs`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel

__all__ = ["object_matches"]


@kernel
def _starts(sorted_values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each run of equal values begins, and the end."""
    n_runs = 1
    for i in range(1, len(sorted_values)):
        n_runs += sorted_values[i] != sorted_values[i - 1]
    starts = np.zeros(n_runs + 1, np.int64)
    run = 0
    for i in range(1, len(sorted_values)):
        if sorted_values[i] != sorted_values[i - 1]:
            run += 1
            starts[run] = i
    starts[n_runs] = len(sorted_values)
    return starts


@kernel
def _n_matched(a: NDArray[np.int64], b: NDArray[np.int64], window_us: Int) -> Int:
    """Largest one-to-one matching of two ascending lists at distance <= window: earliest first is optimal."""
    i, j, n = 0, 0, 0
    while i < len(a) and j < len(b):
        gap = a[i] - b[j]
        if gap > window_us:
            j += 1
        elif gap < -window_us:
            i += 1
        else:
            n, i, j = n + 1, i + 1, j + 1
    return n


@kernel
def object_matches(
    account: NDArray[np.int64], time_us: NDArray[np.int64], n_actions: NDArray[np.int64], rules: tuple[Int, Int, float]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pairs of accounts (smaller << 32 | larger) with actions on one object within the window, and how many match.

    account, time_us    Actions on the object in order of time.
    n_actions           Actions of every account on all objects.
    rules               Window in microseconds; how many following actions of others are looked at for partners; least
                        similarity: a pair whose numbers of actions alone keep it below is left out.
    """
    window_us, most, similarity = rules
    keys = np.empty(len(account) * most, np.int64)
    n_keys = 0
    for i in range(len(account)):
        seen, j = 0, i + 1
        while j < len(account) and seen < most and time_us[j] - time_us[i] <= window_us:
            a, b = min(account[i], account[j]), max(account[i], account[j])
            small, large = min(n_actions[a], n_actions[b]), max(n_actions[a], n_actions[b])
            if a != b:
                seen += 1
                if small >= similarity * large:
                    keys[n_keys] = a << 32 | b
                    n_keys += 1
            j += 1
    if n_keys == 0:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    pairs = np.sort(keys[:n_keys])
    pairs = pairs[_starts(pairs)[:-1]]
    order = np.argsort(account, kind="mergesort")
    by_account, by_time = account[order], time_us[order]
    starts = _starts(by_account)
    members = by_account[starts[:-1]]
    matched = np.empty(len(pairs), np.int32)
    for p in range(len(pairs)):
        at, other = np.searchsorted(members, pairs[p] >> 32), np.searchsorted(members, pairs[p] & 0xFFFFFFFF)
        matched[p] = _n_matched(
            by_time[starts[at] : starts[at + 1]], by_time[starts[other] : starts[other + 1]], window_us
        )
    return pairs, matched
