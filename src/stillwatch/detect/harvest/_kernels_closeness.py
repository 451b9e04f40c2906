"""Hot loop of the comparison of closest questions; `_twins.py` has the readable version."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels import agreement

__all__ = ["closest"]

_FARTHEST = -65.0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _nearest(topic: NDArray[np.uint64], start: int, stop: int, query: int) -> tuple[float, int]:
    """Agreement of the rows that are closest to a query, itself left out, and how many these are."""
    best, count = _FARTHEST, 0
    for i in range(start, stop):
        if i != query:
            agreed = agreement(topic[i], topic[query])
            if agreed > best:
                best, count = agreed, 1
            elif agreed == best:
                count += 1
    return best, count


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def closest(
    topic: NDArray[np.uint64], first: NDArray[np.int64], n_queries: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How often another owner's question is closer than the asker's own others, how often by chance, and of how many.

    topic       Sketches, those of owner a in rows first[a] to first[a + 1], two at least.
    n_queries   So many rows of every owner ask, the first ones.
    Sums over the queries of owner a (row) against owner b (column). Shape (owners, owners). Rows equally close share.
    """
    n_owners = first.shape[0] - 1
    closer, by_chance, asked = (
        np.zeros((n_owners, n_owners)),
        np.zeros((n_owners, n_owners)),
        np.zeros((n_owners, n_owners)),
    )
    for a in range(n_owners):
        n_own = first[a + 1] - first[a] - 1
        for query in range(first[a], min(first[a] + n_queries, first[a + 1])):
            own, n_close = _nearest(topic, first[a], first[a + 1], query)
            for b in range(n_owners):
                if b == a:
                    continue
                other, n_closer = _nearest(topic, first[b], first[b + 1], query)
                if other > own:
                    closer[a, b] += 1.0
                elif other == own:
                    closer[a, b] += n_closer / (n_close + n_closer)
                n_other = first[b + 1] - first[b]
                by_chance[a, b] += n_other / (n_own + n_other)
                asked[a, b] += 1.0
    return closer, by_chance, asked
