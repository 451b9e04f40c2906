"""Evidence of many records for each account: all together, the best alone, and bets on how many are the account's.

Over unique contexts the records' sums are independent under the null, whoever the account is. Three tests are made and
paid for: the sum over all records (they are all the account's), the smallest p-value of one record (one is), and a bet
(some are). The bet multiplies, over records, 1 - s + s E for a share s, where E is the record's e-value: the mean over
tilts t of (1 - t)^n exp(t S), each of expectation 1 under the null, since exp(t X) of an exponential X is 1 / (1 - t).
References: Shafer (2021), J. R. Stat. Soc. A 184, betting; Vovk and Wang (2021), Ann. Stat. 49.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from stillwatch.trace.mark.gumbel import log_tail

__all__ = ["Gathered", "log_tails"]

Floats = NDArray[np.float64]

_TILTS: Final = np.array([0.1, 0.2, 0.35, 0.5, 0.65])
_SHARES: Final = 6
_LOOKED_AT: Final = 1e-3
"""P-values of single records above this are not computed: no record of them could be the best that counts."""
_DEEP: Final = 1e-280


def log_tails(totals: Floats, count: int) -> Floats:
    """Natural log of P(sum of `count` exponentials >= total) for many totals; exact far below the smallest float.

    >>> log_tails(np.array([0.0, 3.0]), 1).round(6).tolist()
    [0.0, -3.0]
    """
    if count == 0:
        return np.zeros(len(totals))
    tails = gammaincc(count, np.maximum(totals, 0.0))
    found = np.log(np.maximum(tails, _DEEP))
    for i in np.flatnonzero(tails < _DEEP):
        found[i] = log_tail(float(totals[i]), count)
    return np.asarray(found, np.float64)


class Gathered:
    """Evidence by account, record after record.

    n_accounts, n_records   How many there are and will be.
    """

    def __init__(self, n_accounts: int, n_records: int) -> None:
        self._n_records = max(n_records, 1)
        self._shares = np.unique(np.geomspace(1 / self._n_records, 1.0, _SHARES)) if n_records > 1 else np.array([1.0])
        self._bets = np.zeros((len(self._shares), n_accounts))
        self._best = np.zeros(n_accounts)
        self.sums = np.zeros(n_accounts)
        self.count = 0

    def add(self, sums: Floats, count: int) -> None:
        """One record: its sum for each account over `count` places."""
        self.sums += sums
        self.count += count
        if self._n_records == 1 or count == 0:
            return
        e_values = np.logaddexp.reduce(_TILTS[:, None] * sums + count * np.log1p(-_TILTS)[:, None], axis=0)
        e_values -= math.log(len(_TILTS))
        for i, share in enumerate(self._shares):
            rest = math.log1p(-share) if share < 1 else -np.inf
            self._bets[i] += np.logaddexp(rest, math.log(share) + e_values)
        looked = np.flatnonzero(sums >= gammainccinv(count, _LOOKED_AT))
        self._best[looked] = np.minimum(self._best[looked], log_tails(sums[looked], count))

    def log_p(self) -> Floats:
        """Natural log of each account's p-value, not yet paid for by the number of accounts."""
        together = log_tails(self.sums, self.count)
        if self._n_records == 1:
            return together
        bet = np.logaddexp.reduce(self._bets, axis=0) - math.log(len(self._shares))
        best = self._best + math.log(self._n_records)
        smallest = np.minimum(np.minimum(together, -bet), best)
        return np.asarray(np.minimum(smallest + math.log(3), 0.0), np.float64)
