"""talk: do questions lead to more? People, also those behind a relay, go on asking; an item of a list is done with."""

from typing import Final

import numpy as np

from stillwatch.detect.harvest.ratio import NOT_JUDGED, share
from stillwatch.model.family import Family

__all__ = ["Talk"]


class Talk:
    """Share of opening questions that another turn of the same conversation follows."""

    name: Final = "talk"
    meaning: Final = "Do conversations go on after the first question?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Share and its error over accounts.

        NaN with fewer than 8 accounts that opened a conversation whose id is known; without ids nobody knows.
        """
        rows = np.flatnonzero(family.head & (family.followed >= 0))
        if not len(rows):
            return NOT_JUDGED
        account, n_accounts = family.account[rows], len(family.accounts)
        hits = np.bincount(account[family.followed[rows] == 1], minlength=n_accounts)
        return share(hits.astype(np.float64), np.bincount(account, minlength=n_accounts))
