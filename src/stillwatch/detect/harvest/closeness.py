"""Whose question is closest to mine, another owner's or my own? A comparison by ranks, whatever the list holds."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels_closeness import chosen_sketches, closest, jackknifed
from stillwatch.detect.harvest.heads import distinct_rows
from stillwatch.detect.harvest.ratio import MIN_ACCOUNTS, NOT_JUDGED
from stillwatch.detect.views.mixing import mix
from stillwatch.model.family import Family

__all__ = ["closeness", "distinct_closeness"]

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
    sketches, first = chosen_sketches(
        family.topic[rows], mix(family.topic[rows]), family.account[rows], mix(family.accounts), (_OWNERS, _ROWS)
    )
    if len(first) - 1 < MIN_ACCOUNTS or (sketches == sketches[0]).all():
        return NOT_JUDGED
    value, variance, n_queries = jackknifed(*closest(sketches, first, _QUERIES))
    return value, math.sqrt(max(variance, 1 / (3 * n_queries)))


def distinct_closeness(family: Family) -> tuple[float, float]:
    """`closeness` of distinct questions."""
    return closeness(family, distinct_rows(family))
