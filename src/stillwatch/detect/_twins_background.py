"""What the kernels of common values compute, in a few lines each; property tests compare them."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

__all__ = ["event_shares", "forget_places", "shares_outside"]


def forget_places(attributes: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Twin of `forget_places`, which changes its argument."""
    kept = attributes.copy()
    for j in places:
        known = Counter(kept[kept[:, j] != 0, j].tolist())
        for value, count in known.most_common(1):
            if 2 * count > known.total():
                kept[np.ix_(kept[:, j] == value, places)] = 0
    return kept


def shares_outside(values: NDArray[np.uint64], n_alike: NDArray[np.int64], n_outside: int) -> NDArray[np.float64]:
    """Twin of `shares_outside`."""
    shares = np.ones(values.shape)
    for j in np.flatnonzero(values.any(axis=0)):
        inside = Counter(values[:, j].tolist())
        for i, value in enumerate(values[:, j].tolist()):
            shares[i, j] = (max(int(n_alike[i, j]) - inside[value], 0) + 1) / (n_outside + 1)
    return shares


def event_shares(
    bins: NDArray[np.uint64], n_alike: NDArray[np.int64], n_outside: NDArray[np.int64], fewest: int
) -> NDArray[np.float64]:
    """Twin of `event_shares`."""
    p = np.ones(bins.shape)
    for j in range(bins.shape[1]):
        had = bins[:, j] != 0
        if had.sum() >= fewest:
            shares = shares_outside(bins[had, j : j + 1], n_alike[had, j : j + 1], int(n_outside[j]))
            p[had, j] = np.minimum(shares[:, 0], 1.0)
    return p
