"""Whose question is closest to mine, another owner's or my own? A comparison by ranks, whatever the list holds."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels_closeness import closest
from stillwatch.detect.harvest.ratio import MIN_ACCOUNTS, NOT_JUDGED
from stillwatch.detect.views.mixing import mix
from stillwatch.model.family import Family

__all__ = ["closeness"]

_OWNERS: Final = 32
_QUERIES: Final = 12
_ROWS: Final = 256
"""Owners that are compared, questions each asks, and questions of each that are looked through, all chosen by hash."""


def closeness(family: Family, rows: NDArray[np.int64]) -> tuple[float, float]:
    """How much oftener than by chance another owner's question is the closest to one's own, and its error.

    A question is held against the other questions of its owner and against those of another owner. Whoever deals a list
    out at random makes all of them exchangeable: the closest is the other's in proportion to their number, and the
    effect's expectation is exactly 0, whatever the list is about. Where everybody asks the same things once it is the
    other's: 1. People stay with what is their own: below 0.

    rows        Of the family, with a topic.
    The error is a jackknife over owners, never below that of independent questions, whose closest one has a uniform
    place among all. NaN with fewer than 8 owners of two questions, or when all questions look the same.
    """
    chosen = _chosen(family, rows)
    owner = family.account[chosen]
    first = np.append(np.flatnonzero(np.diff(owner, prepend=-1)), len(owner))
    n_owners = len(first) - 1
    if n_owners < MIN_ACCOUNTS or (family.topic[chosen] == family.topic[chosen[0]]).all():
        return NOT_JUDGED
    closer, by_chance, asked = closest(family.topic[chosen], first, _QUERIES)
    gained, possible = closer - by_chance, asked - by_chance
    left_out = _without_each(gained) / _without_each(possible)
    jackknife = (n_owners - 1) / n_owners * float(np.square(left_out - left_out.mean()).sum())
    n_queries = float(asked.sum()) / (n_owners - 1)
    return float(gained.sum() / possible.sum()), math.sqrt(max(jackknife, 1 / (3 * n_queries)))


def _chosen(family: Family, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows to compare, owner by owner: the same questions come first for every owner who asks them."""
    n = np.bincount(family.account[rows], minlength=len(family.accounts))
    several = np.flatnonzero(n >= 2)
    read = np.zeros(len(n), np.bool_)
    read[several[np.argsort(mix(family.accounts[several]), kind="stable")[:_OWNERS]]] = True
    rows = rows[read[family.account[rows]]]
    rows = rows[np.lexsort((mix(family.topic[rows]), family.account[rows]))]
    owner = family.account[rows]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
    return np.asarray(rows[place < _ROWS])


def _without_each(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over all pairs of owners but those of one, for each owner."""
    return np.asarray(pairs.sum() - pairs.sum(axis=0) - pairs.sum(axis=1))
