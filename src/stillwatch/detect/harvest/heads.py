"""Session heads: the rows that structure tests read, otherwise one padded follow-up would hide a campaign."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.family import Family
from stillwatch.stats.codes import in_order

__all__ = ["distinct_rows", "head_rows"]


def head_rows(family: Family, known: NDArray[np.uint64] | None = None) -> NDArray[np.int64]:
    """Rows that open a conversation, in time order; all rows when the family has no head.

    known   A column of the family; rows where it is 0, unknown, are left out.
    """
    read = family.head if family.head.any() else np.ones(len(family.head), np.bool_)
    if known is not None:
        read = read & (known != 0)
    return np.flatnonzero(read)


def distinct_rows(family: Family) -> NDArray[np.int64]:
    """Heads with a topic, each fill once, where it was sent first: who samples one question many times asks once.

    Unknown fills, 0, all stay.
    """
    rows = head_rows(family, family.topic)
    fill = family.fill[rows]
    first = np.zeros(len(rows), np.bool_)
    first[in_order(fill)[1]] = True
    return np.asarray(rows[first | (fill == 0)])
