"""Hot loops over turns that need no model: whether codes are in order, and which turns begin a visit."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["codes_in_order", "visit_starts"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def codes_in_order(account: NDArray[np.int32]) -> bool:
    """Whether codes are 0, 1, 2, ... in order of first appearance."""
    k = 0
    for i in range(account.shape[0]):
        if account[i] < 0 or account[i] > k:
            return False
        k += account[i] == k
    return True


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def visit_starts(account: NDArray[np.int32], time_us: NDArray[np.int64], silence_us: int) -> NDArray[np.bool_]:
    """Turns of accounts that were silent for so long, or never heard before. Codes are not negative."""
    n = account.shape[0]
    last = np.full(account.max() + 1 if n > 0 else 0, -1, np.int64)
    begins = np.empty(n, np.bool_)
    for i in range(n):
        before = last[account[i]]
        begins[i] = before < 0 or time_us[i] - time_us[before] >= silence_us
        last[account[i]] = i
    return begins
