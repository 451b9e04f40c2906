"""Traffic as the signals of a fusion read it: one window of one account after the other."""

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Windows", "effective", "steps"]

Floats = NDArray[np.float64]

_SECOND_US: Final = 1e6


class Windows(NamedTuple):
    """Exchanges in order of account, then time, cut into windows by the clock.

    order       Row of the traffic of each exchange here.
    account     Account of each exchange.
    time_us     Its time.
    first       Where each window begins.
    owner       Account of each window.
    n           Exchanges of each window.
    n_accounts  Accounts in all.
    """

    order: NDArray[np.int64]
    account: NDArray[np.int64]
    time_us: NDArray[np.int64]
    first: NDArray[np.int64]
    owner: NDArray[np.int64]
    n: NDArray[np.int64]
    n_accounts: int

    @classmethod
    def cut(cls, account: NDArray[np.int64], time_us: NDArray[np.int64], n_accounts: int, period_s: float) -> Self:
        """Windows of `period_s` seconds from 1970 on; rows are in order of time."""
        order = np.argsort(account, kind="stable")
        account, time_us = account[order], time_us[order]
        slot = (time_us // (period_s * _SECOND_US)).astype(np.int64)
        begins = (np.diff(account, prepend=-1) != 0) | (np.diff(slot, prepend=-1) != 0)
        first = np.flatnonzero(begins)
        n = np.diff(np.append(first, len(account)))
        return cls(order, account, time_us, first, account[first], n, n_accounts)

    @property
    def window(self) -> NDArray[np.int64]:
        """Window of each exchange."""
        return np.repeat(np.arange(len(self.n)), self.n)

    @property
    def gap_s(self) -> Floats:
        """Seconds since the exchange before in the same window; NaN for the first."""
        gap = np.diff(self.time_us, prepend=0) / _SECOND_US
        gap[self.first] = np.nan
        return gap

    def sums(self, values: NDArray[np.generic]) -> Floats:
        """Sum in each window, NaN left out."""
        clean = np.nan_to_num(values.astype(np.float64))
        return np.add.reduceat(clean, self.first) if len(clean) else np.zeros(0)

    def spread(self, values: Floats) -> Floats:
        """Standard deviation over mean in each window, NaN left out; NaN without a positive mean."""
        n = np.maximum(self.sums(np.isfinite(values)), 1)
        mean = self.sums(values) / n
        variance = np.maximum(self.sums(np.where(np.isfinite(values), (values - mean[self.window]) ** 2, 0.0)) / n, 0)
        return np.where(mean > 0, np.sqrt(variance) / np.where(mean > 0, mean, 1), np.nan)

    def worst(self, values: Floats) -> Floats:
        """Largest value of each account's windows, at least 0."""
        found = np.zeros(self.n_accounts)
        np.maximum.at(found, self.owner, values)
        return found

    def commonest(self, values: NDArray[np.uint64]) -> tuple[Floats, Floats]:
        """Share of the commonest value of each window, and the entropy of the values in bits."""
        order = np.lexsort((values, self.window))
        window, ordered = self.window[order], values[order]
        begins = np.flatnonzero((np.diff(window, prepend=-1) != 0) | np.append(True, ordered[1:] != ordered[:-1]))
        count = np.diff(np.append(begins, len(ordered))).astype(np.float64)
        of = window[begins]
        share = count / self.n[of]
        top = np.zeros(len(self.n))
        np.maximum.at(top, of, share)
        entropy = np.bincount(of, weights=-share * np.log2(share), minlength=len(self.n))
        return top, np.asarray(entropy, np.float64)


def effective(score: Floats, confidence: Floats | float) -> Floats:
    """What a signal adds to the fusion before its weight: score x (0.4 + 0.6 x confidence), the score at most 1."""
    return np.asarray(np.minimum(score, 1.0) * (0.4 + 0.6 * confidence))


def steps(values: Floats, *rules: tuple[float, float], below: bool = False) -> Floats:
    """Score of the first rule (limit, score) that holds: value >= limit, or value < limit; NaN scores 0.

    >>> steps(np.array([70.0, 300.0, 5.0]), (200, 0.45), (60, 0.25)).tolist()
    [0.25, 0.45, 0.0]
    """
    known = np.nan_to_num(values, nan=np.inf if below else -np.inf)
    holds = [known < limit if below else known >= limit for limit, _ in rules]
    return np.select(holds, [score for _, score in rules], 0.0)
