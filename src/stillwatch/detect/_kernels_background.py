"""Hot loops of what the owners of a family have in common; `_twins_background.py` has the readable versions."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.stats._kernels_codes import codes_and_firsts

__all__ = ["bit_counts", "event_shares", "forget_places", "n_alike_inside", "shares_outside"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def bit_counts(sets: NDArray[np.uint16], n_bits: int) -> NDArray[np.int64]:
    """How many of the bit sets have each of the lowest bits."""
    counts = np.zeros(n_bits, np.int64)
    for i in range(sets.shape[0]):
        for bit in range(n_bits):
            counts[bit] += (sets[i] >> bit) & 1
    return counts


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def forget_places(attributes: NDArray[np.uint64], places: NDArray[np.int64]) -> None:
    """Zero all `places` (columns) of rows that have a value which most known ones of one of these columns are.

    References  Boyer and Moore (1991), MJRTY: a fast majority vote algorithm.
    """
    k = attributes.shape[0]
    for j in places:
        value, lead, n_known, n_there = np.uint64(0), 0, 0, 0
        for i in range(k):
            if attributes[i, j] != 0:
                n_known += 1
                if lead == 0:
                    value = attributes[i, j]
                lead += 1 if attributes[i, j] == value else -1
        for i in range(k):
            n_there += value != 0 and attributes[i, j] == value
        if 2 * n_there > n_known:
            for i in range(k):
                if attributes[i, j] == value:
                    for place in places:
                        attributes[i, place] = 0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def n_alike_inside(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many of the values equal each, itself included."""
    codes, firsts = codes_and_firsts(values, values)
    counts = np.zeros(firsts.shape[0], np.int64)
    for i in range(codes.shape[0]):
        counts[codes[i]] += 1
    alike: NDArray[np.int64] = counts[codes]
    return alike


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def shares_outside(values: NDArray[np.uint64], n_alike: NDArray[np.int64], n_outside: int) -> NDArray[np.float64]:
    """Share of those outside that have each value, one more in both counts; columns without known values stay at 1.

    n_alike     How many have the value, outside and inside.
    """
    k, n_columns = values.shape
    shares = np.ones((k, n_columns))
    for j in range(n_columns):
        if (values[:, j] != 0).any():
            inside = n_alike_inside(np.ascontiguousarray(values[:, j]))
            for i in range(k):
                shares[i, j] = (max(n_alike[i, j] - inside[i], 0) + 1) / (n_outside + 1)
    return shares


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def event_shares(
    bins: NDArray[np.uint64], n_alike: NDArray[np.int64], n_outside: NDArray[np.int64], fewest: int
) -> NDArray[np.float64]:
    """`shares_outside` among those who had the event of a column, at most 1; 1 in columns with too few of them inside.

    n_outside   Of every column, who had such an event.
    """
    p = np.ones(bins.shape)
    for j in range(bins.shape[1]):
        had = np.flatnonzero(bins[:, j])
        if had.shape[0] >= fewest:
            inside = n_alike_inside(bins[:, j][had])
            for at, i in enumerate(had):
                p[i, j] = min((max(n_alike[i, j] - inside[at], 0) + 1) / (n_outside[j] + 1), 1.0)
    return p
