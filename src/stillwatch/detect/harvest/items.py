"""item: does every account send the same fills? Then it is a benchmark or a class, not a list dealt out."""

import math
from typing import Final

import numpy as np

from stillwatch.detect.harvest._kernels import fill_counts
from stillwatch.detect.harvest.heads import head_rows
from stillwatch.detect.harvest.ratio import MIN_ACCOUNTS, NOT_JUDGED
from stillwatch.model.family import Family

__all__ = ["Items"]

_N_PARTS: Final = 8


class Items:
    """Share of fills that at least half of the accounts sent."""

    name: Final = "item"
    meaning: Final = "Do all accounts send the same items?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Share and its error; NaN with fewer than 8 accounts that sent a fill.

        The error is the larger of a jackknife that leaves out every eighth account and that of independent fills,
        never below one fill.
        """
        rows = head_rows(family, family.fill)
        sender = np.bincount(family.account[rows], minlength=1) > 0
        n_senders = int(sender.sum())
        if n_senders < MIN_ACCOUNTS:
            return NOT_JUDGED
        fill, account = family.fill[rows], (np.cumsum(sender, dtype=np.int32) - np.int32(1))[family.account[rows]]
        _, fills, items = fill_counts(np.argsort(fill), fill, account, n_senders, _N_PARTS)
        without = items[:-1] / np.maximum(fills[:-1], 1)
        value = float(items[-1] / fills[-1])
        jackknife = math.sqrt((_N_PARTS - 1) * float(np.mean((without - without.mean()) ** 2)))
        return value, max(jackknife, math.sqrt(fills[-1] * value * (1 - value) + 1) / float(fills[-1]))
