"""Hot loops of kinship; the twins are in `tests/detect/test_kinship.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["common_volumes", "expected_overlaps", "least_overlaps"]

Int = NDArray[np.int64]


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
def least_overlaps(
    first: Int, n: Int, total: NDArray[np.float64], one: Int, other: Int, common: Int
) -> NDArray[np.float64]:
    """Less than what `expected_overlaps` finds in both, from the sizes of either family alone. Shape: pairs.

    first, n    Where each family's sizes start, and these, ascending within a family.
    common      Accounts of each pair in both: no account adds more than one to what both families have by themselves.
    """
    found = np.zeros(len(one))
    for pair in range(len(one)):
        i, j = one[pair], other[pair]
        share = total[i] / (total[i] + total[j])
        alone = np.zeros(2)
        for side in range(2):
            family = i if side == 0 else j
            only_one, only_other, size, both = 1.0, 1.0, np.int64(0), 0.0
            for row in range(first[family], first[family + 1]):
                if n[row] != size:
                    while size < n[row] and size < _TABLE:
                        only_one, only_other, size = only_one * share, only_other * (1.0 - share), size + 1
                    both = max(1.0 - only_one - only_other, 0.0)
                    size = max(size, n[row]) if size < _TABLE else n[row]
                alone[side] += both
        found[pair] = max(alone[0], alone[1], alone[0] + alone[1] - common[pair])
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def expected_overlaps(
    first: Int, account: Int, n: Int, total: NDArray[np.float64], one: Int, other: Int
) -> NDArray[np.float64]:
    """What one crew would have in common: every exchange of a pair of families is dealt to either by one chance.

    first       Where each family's rows start; one more than families.
    account, n  Accounts of each family, ascending, and their exchanges.
    total       Exchanges of each family.
    one, other  Pairs of families.
    Returns     Of each pair: accounts expected in both; of the accounts of one those expected in the other too; and
                the other way round. Shape (pairs, 3).
    """
    found = np.zeros((len(one), 3))
    in_both, in_other, in_one = np.empty(_TABLE), np.empty(_TABLE), np.empty(_TABLE)
    for pair in range(len(one)):
        i, j = one[pair], other[pair]
        share = total[i] / (total[i] + total[j])
        _fill(share, in_both, in_other, in_one)
        a, b = first[i], first[j]
        while a < first[i + 1] or b < first[j + 1]:
            left = account[a] if a < first[i + 1] else np.int64(2**62)
            right = account[b] if b < first[j + 1] else np.int64(2**62)
            size = np.int64(0)
            if left <= right:
                size += n[a]
                a += 1
            if right <= left:
                size += n[b]
                b += 1
            if size < _TABLE:
                both, of_one, of_other = in_both[size], in_other[size], in_one[size]
            else:
                only_one, only_other = share**size, (1.0 - share) ** size
                both = 1.0 - only_one - only_other
                of_one, of_other = both / max(1.0 - only_other, 1e-12), both / max(1.0 - only_one, 1e-12)
            found[pair, 0] += both
            if left <= right:
                found[pair, 1] += of_one
            if right <= left:
                found[pair, 2] += of_other
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def common_volumes(first: Int, account: Int, n: Int, busiest: Int, one: Int, other: Int) -> NDArray[np.int64]:
    """What the accounts that two families have in common send: in one, in the other, in their busiest families.

    first, account, n   As for `expected_overlaps`.
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
