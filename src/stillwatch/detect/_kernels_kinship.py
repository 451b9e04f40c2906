"""Hot loop of kinship; the twin is in `tests/detect/test_kinship.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["expected_overlaps"]

Int = NDArray[np.int64]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
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
    for pair in range(len(one)):
        i, j = one[pair], other[pair]
        share = total[i] / (total[i] + total[j])
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
            only_one, only_other = share**size, (1.0 - share) ** size
            both = 1.0 - only_one - only_other
            found[pair, 0] += both
            if left <= right:
                found[pair, 1] += both / max(1.0 - only_other, 1e-12)
            if right <= left:
                found[pair, 2] += both / max(1.0 - only_one, 1e-12)
    return found
