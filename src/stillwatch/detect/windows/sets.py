"""Sets of texts as the test asks about them, and the stratum each is summed in."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.stats.two_sample import RowSets

__all__ = ["LEAST_SIZE", "MOST_SETS", "TextSets", "joined", "sets_of_masks", "slices_of", "thinned", "without_twins"]

LEAST_SIZE = 4
"""A set of fewer texts tells too little to be worth its noise."""

MOST_SETS = 8192
"""Sets of one octave of sizes that are kept of one kind."""


class TextSets(NamedTuple):
    """Sets of rows of one kind.

    starts   Where each begins in `rows`, and the end of the last, int64[sets + 1].
    rows     Row numbers, int32.
    names    What each came from, for naming it again: a bucket, a bin; int32[sets].
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    names: NDArray[np.int32]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows in each."""
        return np.diff(self.starts)

    def take(self, chosen: NDArray[np.int64]) -> "TextSets":
        """Some of the sets, in the order of `chosen`."""
        sizes = self.sizes[chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        at = np.repeat(self.starts[chosen] - starts[:-1], sizes) + np.arange(starts[-1])
        return TextSets(starts, self.rows[at], self.names[chosen])


def sets_of_masks(members: Iterable[NDArray[np.integer]]) -> TextSets:
    """Sets given as arrays of rows, named by their place.

    >>> sets_of_masks([np.array([0, 2]), np.array([1])]).starts.tolist()
    [0, 2, 3]
    """
    listed = [np.asarray(rows, np.int32) for rows in members]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in listed], dtype=np.int64)])
    rows = np.concatenate([np.zeros(0, np.int32), *listed])
    return TextSets(starts.astype(np.int64), rows, np.arange(len(listed), dtype=np.int32))


def slices_of(values: NDArray[np.float64], parts: Iterable[int]) -> Iterable[NDArray[np.int64]]:
    """Rows of each bin when the values are cut into so many parts of equal weight; equal values stay together."""
    for n in parts:
        edges = np.unique(np.quantile(values, np.arange(1, n) / n))
        bins = np.searchsorted(edges, values, side="left")
        order = np.argsort(bins, kind="stable")
        ends = np.searchsorted(bins[order], np.arange(len(edges) + 2))
        yield from (order[a:b] for a, b in pairwise(ends) if LEAST_SIZE <= b - a < len(values))


def without_twins(sets: TextSets, n_rows: int) -> TextSets:
    """One of the sets that hold the very same rows, as the pieces of one template do."""
    # The sum of random row numbers tells sets apart, up to one chance in 2**64.
    number = np.random.default_rng(n_rows).integers(0, 2**64, n_rows, np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(number[sets.rows], dtype=np.uint64)])
    keys = sums[sets.starts[1:]] - sums[sets.starts[:-1]]
    return sets.take(np.sort(np.unique(keys, return_index=True)[1]))


def thinned(sets: TextSets, rng: np.random.Generator, most: int = MOST_SETS) -> TextSets:
    """At most `most` sets of each octave of sizes, picked at random."""
    octave = octaves_of(sets.sizes)
    kept = [rng.permutation(np.flatnonzero(octave == o))[:most] for o in np.unique(octave)]
    return sets.take(np.sort(np.concatenate([np.zeros(0, np.int64), *kept])))


def octaves_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stratum by size, 0 to 4: a factor of four each."""
    octaves = np.log2(np.maximum(sizes, LEAST_SIZE) / LEAST_SIZE) // 2
    return np.asarray(np.clip(octaves, 0, 4), np.int64)


def joined(kinds: Iterable[tuple[int, TextSets, bool]]) -> tuple[RowSets, NDArray[np.int64]]:
    """All sets behind one another, and the part of each stratum.

    kinds    Part, sets, and whether these are summed by size.
    """
    starts, rows, strata = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    parts: list[int] = []
    end = 0
    for part, sets, by_size in kinds:
        own = octaves_of(sets.sizes) if by_size else np.zeros(len(sets.names), np.int64)
        met, stratum = np.unique(own, return_inverse=True)
        strata.append(stratum + len(parts))
        parts += [part] * len(met)
        starts.append(sets.starts[1:] + end)
        end += len(sets.rows)
        rows.append(sets.rows)
    return RowSets(np.concatenate(starts), np.concatenate(rows), np.concatenate(strata)), np.array(parts, np.int64)
