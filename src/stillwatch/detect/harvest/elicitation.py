"""elic: is training data asked for? Step-by-step reasoning, grading, rewriting, "as training data", fixed fields."""

from typing import Final

import numpy as np

from stillwatch.detect.harvest.heads import head_rows
from stillwatch.detect.harvest.ratio import share
from stillwatch.model.family import Family

__all__ = ["Elicitation"]


class Elicitation:
    """Share of exchanges that show any elicitation class."""

    name: Final = "elic"
    meaning: Final = "Is training data asked for?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Share and its error over accounts; NaN with fewer than 8 accounts."""
        rows = head_rows(family)
        account, n_accounts = family.account[rows], len(family.accounts)
        hits = np.bincount(account[family.elicitation[rows] != 0], minlength=n_accounts)
        return share(hits.astype(np.float64), np.bincount(account, minlength=n_accounts))
