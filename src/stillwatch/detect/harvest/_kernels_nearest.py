"""Hot loop of finding the legitimate families most like one; `score.nearest_families` says what it finds."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["distances"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def distances(
    rows: NDArray[np.float64], query: NDArray[np.float64], width: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Root mean square difference of each row from the query in units of `width`, over entries both have; how many."""
    distance, n_known = np.zeros(rows.shape[0]), np.zeros(rows.shape[0], np.int64)
    for r in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            apart = (rows[r, j] - query[j]) / width[j]
            if not math.isnan(apart):
                distance[r] += apart * apart
                n_known[r] += 1
        distance[r] = math.sqrt(distance[r] / max(n_known[r], 1))
    return distance, n_known
