"""rep: is the same fill sent again? A list is gone through once; people and popular prompts repeat."""

from typing import Final

import numpy as np

from stillwatch.detect.harvest.heads import filled_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED, share
from stillwatch.model.family import Family
from stillwatch.stats.codes import in_order

__all__ = ["Repeats"]


class Repeats:
    """Share of exchanges whose fill is a repeat: 1 - fills / exchanges."""

    name: Final = "rep"
    meaning: Final = "Are the same fills sent again?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Share and its error over accounts; NaN with fewer than 8 accounts that sent a fill.

        Each of the c exchanges of one fill counts as 1 - 1/c of a repeat, so it does not matter who came first.
        """
        rows = filled_rows(family)
        if not len(rows):
            return NOT_JUDGED
        fill, account = family.fill[rows], family.account[rows]
        n_accounts = len(family.accounts)
        code, _ = in_order(fill)
        repeats = np.bincount(account, weights=(1 - 1 / np.bincount(code))[code], minlength=n_accounts)
        return share(repeats.astype(np.float64), np.bincount(account, minlength=n_accounts))
