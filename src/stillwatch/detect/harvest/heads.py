"""Session heads: the rows that structure tests read, otherwise one padded follow-up would hide a campaign."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.family import Family
from stillwatch.stats.codes import in_order

__all__ = ["distinct_rows", "filled_rows", "head_rows", "question_rows"]


def head_rows(family: Family) -> NDArray[np.int64]:
    """Rows that open a conversation, in time order; all rows when the family has no head."""
    return family.once(_head_rows)


def filled_rows(family: Family) -> NDArray[np.int64]:
    """Heads whose fill is known."""
    rows = head_rows(family)
    return np.asarray(rows[family.fill[rows] != 0])


def question_rows(family: Family) -> NDArray[np.int64]:
    """Heads with a topic."""
    return family.once(_question_rows)


def distinct_rows(family: Family) -> NDArray[np.int64]:
    """Heads with a topic, each fill once, where it was sent first: who samples one question many times asks once.

    Unknown fills, 0, all stay.
    """
    return family.once(_distinct_rows)


def _head_rows(family: Family) -> NDArray[np.int64]:
    rows = np.flatnonzero(family.head)
    return rows if len(rows) else np.arange(len(family.head))


def _question_rows(family: Family) -> NDArray[np.int64]:
    rows = head_rows(family)
    return np.asarray(rows[family.topic[rows] != 0])


def _distinct_rows(family: Family) -> NDArray[np.int64]:
    rows = question_rows(family)
    fill = family.fill[rows]
    _, firsts = in_order(fill)
    if len(firsts) == len(rows):
        return rows
    first = fill == 0
    first[firsts] = True
    return np.asarray(rows[first])
