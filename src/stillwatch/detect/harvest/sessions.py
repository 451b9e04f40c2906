"""se: does each account have sessions of its own? People come, ask a few times and leave; shards come one by one."""

from typing import Final

import numpy as np

from stillwatch.detect.harvest._kernels import session_gaps
from stillwatch.detect.harvest.heads import head_rows
from stillwatch.detect.harvest.ratio import NOT_JUDGED, judged_ratio
from stillwatch.model.family import Family

__all__ = ["Sessions"]

_GAP_US: Final = 1_800_000_000
_MIN_ROOM: Final = 10.0


class Sessions:
    """Share of gaps below half an hour within accounts, above what random dealing gives, over what it leaves.

    0 for random shards, 1 when all gaps are short and none would be by chance, below 0 when accounts take turns.
    The chance share is exact: an account with m of the N exchanges has no short gap after one of them if none of its
    other m - 1 falls into the w places of the next half hour, which has probability
    C(N - 1 - w, m - 1) / C(N - 1, m - 1).
    """

    name: Final = "se"
    meaning: Final = "Does each account have sessions of its own?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Excess share and its error over accounts, never below one gap.

        NaN with fewer than 8 accounts that have two exchanges, or when fewer than 10 of their gaps would be long by
        chance: in a burst every gap is short and shows nothing.
        """
        rows = head_rows(family)
        if len(rows) < 2:
            return NOT_JUDGED
        counts, short, expected = session_gaps(
            family.time_us[rows], family.account[rows], len(family.accounts), _GAP_US
        )
        paired = counts >= 2
        gaps, chance = (counts[paired] - 1).astype(np.float64), expected[paired]
        room = gaps - chance
        if room.sum() < _MIN_ROOM:
            return NOT_JUDGED
        variance = float((chance * (1 - chance / gaps)).sum()) + 1
        return judged_ratio(short[paired] - chance, room, variance)
