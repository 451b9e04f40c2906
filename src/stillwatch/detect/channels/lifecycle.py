"""Lifecycle: a family's accounts end together, replace one another, or move to a new model together.

Three bets, each on whole lives of accounts, not on their exchanges in the family alone:

Stop        The hour in which an account falls silent is one that others of the family have shown: the restaurant bet of
            `infrastructure_bits` on bins of 1, 6 and 24 hours. Only accounts that lived a day and then kept silent for
            a day, and for twice their longest silence before, have a stop; the end of the window is none.
Change      The same for the hour in which a settled account takes up a new model, and which.
Failover    A new account begins within an hour after one of like rate stopped. Given its day, the bet is on the ten
            minutes it begins in, with more weight on those that follow such a stop.

Null        Given the bins, each account's stop (change) is drawn independently from any one of: the bins of the
            accounts outside the family; the day from these and the hour of day from the family's exchanges; the bins of
            the family's own exchanges, or of those of settled accounts; a constant rate of tiring from the moment an
            account is settled, by day or at the family's hours. A start is drawn, given its day, from the starts
            outside by hour or from the family's other exchanges. The first covers a release day, the end of term or a
            ban wave that everybody feels; the second one time zone; the others a viral prompt, whose people begin
            together and lose interest each in their own time.
Validity    With p the largest of the nulls' shares of x, a bet pays q(x) / p(x) where q is known beforehand and sums to
            at most 1 (to the sum of p for the part of the restaurant process that follows p): under null j its
            expectation is sum_x p_j(x) q(x) / p(x) <= sum_x q(x) <= 1, and for the other part at most sum_x p_j(x) = 1.
            Products of such bets over accounts are e-values, means of e-values are. The shares are estimated with
            one more in the count, so that E[p_j / estimate] <= 1 for independent outsiders; the family's own exchanges
            are taken as given.
Not covered A tool that is shut down, or one lesson or term that ends for this family alone: its people stop together.
            So a bet on common starts is not laid at all (a viral prompt starts its users together), and evidence counts
            only from `infrastructure.LEAST_BITS` on, where chance needs a thousand families.

References
----------
Shafer (2021), J. R. Stat. Soc. A 184, 407-431 (betting). Maclure (1991), Am. J. Epidemiol. 133, 144-153 (a person's own
day as its control). Vovk and Wang (2021), Ann. Stat. 49, 1736-1754 (means of e-values).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_failover import Starts, failover_ratios
from stillwatch.detect.channels._kernels_lives import Activity, largest_shares
from stillwatch.detect.channels.infrastructure import STAKES, infrastructure_bits
from stillwatch.detect.lives import FEWEST_EVENTS
from stillwatch.model.family import LIFE_BIN_HOURS, SETTLED_US, Lives
from stillwatch.stats.e_values import mean_bits

__all__ = ["LifecycleBits", "lifecycle_bits"]

_MAX_STARTS: Final = 500
_WEIGHTS: Final = (3.0, 30.0)
"""How much likelier a start is right after a stop."""


@dataclass(frozen=True, slots=True)
class LifecycleBits:
    """Bits of each bet, 0 where fewer than five accounts of the family have such an event.

    total   Bits of the mean e-value of the three.
    """

    stop: float
    change: float
    failover: float

    @property
    def total(self) -> float:
        """All three."""
        return mean_bits([self.stop, self.change, self.failover])


def lifecycle_bits(account: NDArray[np.int32], time_us: NDArray[np.int64], lives: Lives) -> LifecycleBits:
    """Evidence that the accounts of a family live and end by one plan.

    account     Code of each exchange's account, a row of `lives`; exchanges in time order. Shape n.
    time_us     Times in microseconds, not descending. Shape n.

    >>> never, bins = np.zeros(9, np.int64), np.zeros((9, 6), np.uint64)
    >>> alive = Lives(never, never, never, never, np.ones(9), bins, np.ones((9, 6)), np.ones(24, np.int64), 0)
    >>> lifecycle_bits(np.arange(9, dtype=np.int32), np.arange(9), alive).total
    0.0
    """
    width = len(LIFE_BIN_HOURS)
    activity = Activity(account, time_us, lives.first_us)
    return LifecycleBits(
        stop=_together(activity, lives, lives.stopped_us, slice(0, width)),
        change=_together(activity, lives, lives.changed_us, slice(width, 2 * width)),
        failover=_failover(account, time_us, lives),
    )


def _together(activity: Activity, lives: Lives, when_us: NDArray[np.int64], columns: slice) -> float:
    """Bits for events in the same bins; `columns` of the lives' bins, one a width."""
    had = np.flatnonzero(when_us)
    if len(had) < FEWEST_EVENTS:
        return 0.0
    bins, outside = lives.bins[had, columns], lives.p_background[had, columns]
    p = largest_shares(activity, when_us[had], lives.first_us[had] + SETTLED_US, outside, np.array(LIFE_BIN_HOURS))
    return infrastructure_bits(bins, p).total


def _failover(account: NDArray[np.int32], time_us: NDArray[np.int64], lives: Lives) -> float:
    """Bits for new accounts that begin right after others of like rate stopped."""
    starts, stops = np.flatnonzero(lives.started_us), np.flatnonzero(lives.stopped_us)
    if min(len(starts), len(stops)) < FEWEST_EVENTS:
        return 0.0
    starts = starts[np.argsort(lives.started_us[starts], kind="stable")][:_MAX_STARTS]
    stops = stops[np.argsort(lives.stopped_us[stops], kind="stable")]
    ratio = failover_ratios(
        Starts(starts, lives.started_us[starts], lives.per_day[starts]),
        Starts(stops, lives.stopped_us[stops], lives.per_day[stops]),
        (account, time_us),
        (lives.starts_outside, lives.origin_us),
        np.array(_WEIGHTS),
    )
    return mean_bits(np.log2(1 + np.array(STAKES) * (ratio[:, :, None] - 1)).sum(axis=0))
