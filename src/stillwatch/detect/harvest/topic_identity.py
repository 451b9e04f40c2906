"""ti: does each account have topics of its own? People do; shards of one list do not."""

from typing import Final

from stillwatch.detect.harvest._kernels import bit_moments, capped
from stillwatch.detect.harvest.heads import distinct_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED
from stillwatch.detect.harvest.similarity import MOST_PER_GROUP, similarity
from stillwatch.model.family import Family

__all__ = ["TopicIdentity"]


class TopicIdentity:
    """Intraclass correlation of topic sketches within accounts; 0 for random shards, up to 1."""

    name: Final = "ti"
    meaning: Final = "Does each account have topics of its own?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Correlation and its error; NaN with fewer than 8 accounts that have two exchanges with text."""
        rows = distinct_rows(family)
        n_accounts = len(family.accounts)
        account = family.account[rows]
        keep = rows[capped(account, n_accounts, family.time_us[rows], family.content[rows], MOST_PER_GROUP)]
        if len(keep) < 2:
            return NOT_JUDGED
        return similarity(bit_moments(family.topic[keep], family.account[keep], n_accounts))
