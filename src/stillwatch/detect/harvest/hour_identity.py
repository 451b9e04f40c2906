"""hi: does each account have hours of its own? People sleep; a dispatcher deals every hour to everyone."""

from typing import Final

from stillwatch.detect.harvest._kernels import capped, hour_moments
from stillwatch.detect.harvest.heads import head_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED
from stillwatch.detect.harvest.similarity import MOST_PER_GROUP, similarity
from stillwatch.model.family import Family

__all__ = ["HourIdentity"]


class HourIdentity:
    """Intraclass correlation within accounts of (cos, sin) of one and two cycles a day; 0 for random shards."""

    name: Final = "hi"
    meaning: Final = "Does each account have hours of its own?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Correlation and its error; NaN with fewer than 8 accounts that have two exchanges."""
        rows = head_rows(family)
        n_accounts = len(family.accounts)
        account = family.account[rows]
        keep = rows[capped(account, n_accounts, family.time_us[rows], family.content[rows], MOST_PER_GROUP)]
        if len(keep) < 2:
            return NOT_JUDGED
        return similarity(hour_moments(family.time_us[keep], family.account[keep], n_accounts))
