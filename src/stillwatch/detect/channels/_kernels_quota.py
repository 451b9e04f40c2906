"""Hot loop of the equal-quota null of dispatch; `_twins.batch_probability` has the readable version."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["batch_log2"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def batch_log2(account: NDArray[np.int32], quota: int, at_once: NDArray[np.int64], slack: float) -> NDArray[np.float64]:
    """Log2 likelihood of the turns under batches that keep so many accounts at work, each until its quota is sent.

    account     Codes in order of first appearance.
    at_once     Accounts at work at a time, one batch each.
    slack       Share of turns that follow no plan.
    """
    n_batches = at_once.shape[0]
    found = np.zeros(n_batches)
    product = np.ones(n_batches)
    sent = np.zeros(account.max() + 1, np.int64)
    k, unfinished = 0, 0
    for t in range(account.shape[0]):
        a = account[t]
        if t > 0:
            astray = slack / (k + 1)
            for i in range(n_batches):
                seats = max(at_once[i], unfinished)
                planned = 0.0
                if a == k:
                    planned = (seats - unfinished) / seats
                elif sent[a] < quota:
                    planned = 1.0 / seats
                product[i] *= (1.0 - slack) * planned + astray
        if a == k:
            k += 1
            unfinished += 1
        sent[a] += 1
        if sent[a] == quota:
            unfinished -= 1
        if t % 16 == 15 or t == account.shape[0] - 1:
            found += np.log2(product)
            product[:] = 1.0
    return found
