"""Hot loops of the comparison of closest questions; `_twins.py` has the readable versions."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["chosen_sketches", "closest", "jackknifed"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _distances(topic: NDArray[np.uint64], query: np.uint64, distance: NDArray[np.uint8]) -> None:
    """Bits in which each sketch differs from the query."""
    for i in range(topic.shape[0]):
        x = topic[i] ^ query
        x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
        x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
        x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        distance[i] = np.uint8((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _least(distance: NDArray[np.uint8], start: int, stop: int) -> tuple[int, int]:
    """Least distance of some rows, and how many have it."""
    least = np.uint8(255)
    for i in range(start, stop):
        least = min(least, distance[i])
    count = 0
    for i in range(start, stop):
        count += distance[i] == least
    return int(least), count


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
    shape = (n_owners, n_owners)
    closer, by_chance, asked = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    distance = np.empty(topic.shape[0], np.uint8)
    for a in range(n_owners):
        n_own = first[a + 1] - first[a] - 1
        for query in range(first[a], min(first[a] + n_queries, first[a + 1])):
            _distances(topic, topic[query], distance)
            distance[query] = 255
            own, n_close = _least(distance, first[a], first[a + 1])
            for b in range(n_owners):
                if b == a:
                    continue
                other, n_closer = _least(distance, first[b], first[b + 1])
                if other < own:
                    closer[a, b] += 1.0
                elif other == own:
                    closer[a, b] += n_closer / (n_close + n_closer)
                n_other = first[b + 1] - first[b]
                by_chance[a, b] += n_other / (n_own + n_other)
                asked[a, b] += 1.0
    return closer, by_chance, asked


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def chosen_sketches(
    topic: NDArray[np.uint64],
    place: NDArray[np.uint64],
    owner: NDArray[np.int32],
    owner_place: NDArray[np.uint64],
    most: tuple[int, int],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Sketches to compare, owner by owner, and where each owner's begin; the last entry is their number.

    place, owner_place  Rank of each sketch, and of each owner: the least come first.
    most                Owners, of those with two rows at least, and rows of each.
    """
    n_rows = np.zeros(owner_place.shape[0], np.int64)
    for i in range(owner.shape[0]):
        n_rows[owner[i]] += 1
    several = np.flatnonzero(n_rows >= 2)
    if several.shape[0] > most[0]:
        several = np.sort(several[np.argsort(owner_place[several])[: most[0]]])
    begin = np.full(owner_place.shape[0], -1, np.int64)
    n = 0
    for a in several:
        begin[a] = n
        n += n_rows[a]
    rows, filled = np.empty(n, np.int64), begin.copy()
    for i in range(owner.shape[0]):
        if begin[owner[i]] >= 0:
            rows[filled[owner[i]]] = i
            filled[owner[i]] += 1
    sketches, first = np.empty(n, np.uint64), np.zeros(several.shape[0] + 1, np.int64)
    for j, a in enumerate(several):
        own = rows[begin[a] : filled[a]]
        own = own[np.argsort(place[own])[: most[1]]]
        first[j + 1] = first[j] + own.shape[0]
        for i in range(own.shape[0]):
            sketches[first[j] + i] = topic[own[i]]
    return sketches[: first[-1]], first


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def jackknifed(
    closer: NDArray[np.float64], by_chance: NDArray[np.float64], asked: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Gain over chance as a share of what is possible, its jackknife variance over owners, and questions that ask."""
    n = closer.shape[0]
    gained, possible = closer - by_chance, asked - by_chance
    all_gained, all_possible = gained.sum(), possible.sum()
    left_out = np.empty(n)
    for a in range(n):
        rest = all_possible - possible[a].sum() - possible[:, a].sum()
        left_out[a] = (all_gained - gained[a].sum() - gained[:, a].sum()) / rest
    variance = (n - 1) / n * np.square(left_out - left_out.mean()).sum()
    return all_gained / all_possible, variance, asked.sum() / (n - 1)
