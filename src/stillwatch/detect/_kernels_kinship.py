"""Hot loops of kinship; the twins are in `tests/detect/test_kinship.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["common_volumes", "expected_overlaps", "least_overlaps", "overlapping"]

Int = NDArray[np.int64]
Rows = tuple[Int, Int, Int]


_TABLE = 64
"""Exchanges of an account up to which its chances are looked up; few have more in two families."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _fill(share: float, both: NDArray[np.float64], in_other: NDArray[np.float64], in_one: NDArray[np.float64]) -> None:
    """Chances by exchanges: to be in both families, and given to be in one to be in the other too."""
    only_one, only_other = 1.0, 1.0
    both[0] = in_other[0] = in_one[0] = 0.0
    for size in range(1, both.shape[0]):
        only_one, only_other = only_one * share, only_other * (1.0 - share)
        both[size] = 1.0 - only_one - only_other
        in_other[size] = both[size] / max(1.0 - only_other, 1e-12)
        in_one[size] = both[size] / max(1.0 - only_one, 1e-12)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def overlapping(
    first: Int, account: Int, families: tuple[Int, Int], start: int, stop: int, fewest: int
) -> tuple[Int, Int, Int]:
    """Pairs of a family of `start` to `stop` and a later one with `fewest` common accounts, and how many these are.

    first, account      Where each family's accounts start, one more than families; and these.
    families            Where each account's families start; and these, ascending.
    """
    met_first, met = families
    room = np.int64(1)
    for row in range(first[start], first[stop]):
        room += met_first[account[row] + 1] - met_first[account[row]]
    most = room // fewest + 1
    one, other, common = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    times, seen = np.zeros(first.shape[0] - 1, np.int64), np.empty(first.shape[0] - 1, np.int64)
    n_found = 0
    for family in range(start, stop):
        n_seen = 0
        for row in range(first[family], first[family + 1]):
            at = met_first[account[row] + 1] - 1
            while met[at] > family:
                if times[met[at]] == 0:
                    seen[n_seen] = met[at]
                    n_seen += 1
                times[met[at]] += 1
                at -= 1
        begin = n_found
        for i in range(n_seen):
            if times[seen[i]] >= fewest:
                other[n_found] = seen[i]
                n_found += 1
            else:
                times[seen[i]] = 0
        other[begin:n_found] = np.sort(other[begin:n_found])
        for i in range(begin, n_found):
            one[i], common[i] = family, times[other[i]]
            times[other[i]] = 0
    return one[:n_found].copy(), other[:n_found].copy(), common[:n_found].copy()


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def least_overlaps(runs: Rows, total: NDArray[np.float64], one: Int, other: Int, common: Int) -> NDArray[np.float64]:
    """Less than what `expected_overlaps` finds in both, from the sizes of either family alone. Shape: pairs.

    runs        Of every family: where its sizes start, each size once, ascending, and how many accounts have it.
    common      Accounts of each pair in both: no account adds more than one to what both families have by themselves.
    """
    first, run_size, run_accounts = runs
    found = np.zeros(len(one))
    for pair in range(len(one)):
        share = total[one[pair]] / (total[one[pair]] + total[other[pair]])
        alone = np.zeros(2)
        for side in range(2):
            family = one[pair] if side == 0 else other[pair]
            only_one, only_other, size = 1.0, 1.0, np.int64(0)
            for run in range(first[family], first[family + 1]):
                while size < run_size[run] and size < _TABLE:
                    only_one, only_other, size = only_one * share, only_other * (1.0 - share), size + 1
                alone[side] += run_accounts[run] * max(1.0 - only_one - only_other, 0.0)
        found[pair] = max(alone[0], alone[1], alone[0] + alone[1] - common[pair])
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _chances(size: int, share: float, table: NDArray[np.float64]) -> tuple[float, float, float]:
    """What `_fill` says of so many exchanges, also beyond its table."""
    if size < _TABLE:
        return table[0, size], table[1, size], table[2, size]
    only_one, only_other = share**size, (1.0 - share) ** size
    both = 1.0 - only_one - only_other
    return both, both / max(1.0 - only_other, 1e-12), both / max(1.0 - only_one, 1e-12)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _place(account: Int, wanted: int, start: int, stop: int) -> int:
    """First row of ascending accounts that is not below the wanted one: steps that double, then halves."""
    step = 1
    low = start
    while low + step < stop and account[low + step] < wanted:
        low += step
        step *= 2
    high = min(low + step, stop)
    while low < high:
        middle = (low + high) // 2
        if account[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def expected_overlaps(
    streams: Rows, runs: Rows, total: NDArray[np.float64], one: Int, other: Int
) -> NDArray[np.float64]:
    """What one crew would have in common: every exchange of a pair of families is dealt to either by one chance.

    Accounts of one family alone are added up size by size, so that only those in both are gone through.

    streams     Where each family's rows start, one more than families; its accounts, ascending; their exchanges.
    runs        Of every family: where its sizes start, each size once, ascending, and how many accounts have it.
    total       Exchanges of each family.
    one, other  Pairs of families.
    Returns     Of each pair: accounts expected in both; of the accounts of one those expected in the other too; and
                the other way round. Shape (pairs, 3).
    """
    first, account, n = streams
    run_first, run_size, run_accounts = runs
    found = np.zeros((len(one), 3))
    table = np.empty((3, _TABLE))
    for pair in range(len(one)):
        i, j = one[pair], other[pair]
        share = total[i] / (total[i] + total[j])
        _fill(share, table[0], table[1], table[2])
        for family in (i, j):
            for run in range(run_first[family], run_first[family + 1]):
                both, of_one, of_other = _chances(run_size[run], share, table)
                found[pair, 0] += run_accounts[run] * both
                if family == i:
                    found[pair, 1] += run_accounts[run] * of_one
                else:
                    found[pair, 2] += run_accounts[run] * of_other
        few, many = (i, j) if first[i + 1] - first[i] <= first[j + 1] - first[j] else (j, i)
        at = first[many]
        for row in range(first[few], first[few + 1]):
            at = _place(account, account[row], at, first[many + 1])
            if at == first[many + 1]:
                break
            if account[at] != account[row]:
                continue
            n_one, n_other = (n[row], n[at]) if few == i else (n[at], n[row])
            in_all, in_one, in_other = (
                _chances(n_one + n_other, share, table),
                _chances(n_one, share, table),
                _chances(n_other, share, table),
            )
            found[pair, 0] += in_all[0] - in_one[0] - in_other[0]
            found[pair, 1] += in_all[1] - in_one[1]
            found[pair, 2] += in_all[2] - in_other[2]
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def common_volumes(first: Int, account: Int, n: Int, busiest: Int, one: Int, other: Int) -> NDArray[np.int64]:
    """What the accounts that two families have in common send: in one, in the other, in their busiest families.

    first, account, n   The streams, as for `expected_overlaps`.
    busiest             Exchanges of every account in the family where it has the most.
    Returns             Shape (pairs, 3).
    """
    found = np.zeros((len(one), 3), np.int64)
    for pair in range(len(one)):
        a, b = first[one[pair]], first[other[pair]]
        until_a, until_b = first[one[pair] + 1], first[other[pair] + 1]
        while a < until_a and b < until_b:
            if account[a] == account[b]:
                found[pair, 0] += n[a]
                found[pair, 1] += n[b]
                found[pair, 2] += busiest[account[a]]
                a += 1
                b += 1
            elif account[a] < account[b]:
                a += 1
            else:
                b += 1
    return found
