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
            the family's own exchanges. A start is drawn, given its day, from the starts outside by hour or from the
            family's other exchanges. The first covers a release day, the end of term or a ban wave that everybody
            feels; the second one time zone; the third a family that is itself an event.
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

from stillwatch.detect.channels.infrastructure import STAKES, infrastructure_bits
from stillwatch.model.family import LIFE_BIN_HOURS, Lives
from stillwatch.stats.e_values import mean_bits

__all__ = ["LifecycleBits", "lifecycle_bits"]

_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
_SLOT_US: Final = 600_000_000
_SLOTS: Final = _DAY_US // _SLOT_US
_AFTER_SLOTS: Final = 6
_FEWEST: Final = 5
_MAX_STARTS: Final = 500
_LIKE_RATE: Final = 4.0
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
    >>> alive = Lives(never, never, never, np.ones(9), bins, np.ones((9, 6)), np.ones(24, np.int64), 0)
    >>> lifecycle_bits(np.arange(9, dtype=np.int32), np.arange(9), alive).total
    0.0
    """
    width = len(LIFE_BIN_HOURS)
    return LifecycleBits(
        stop=_together(time_us, lives, lives.stopped_us, slice(0, width)),
        change=_together(time_us, lives, lives.changed_us, slice(width, 2 * width)),
        failover=_failover(account, time_us, lives),
    )


def _together(time_us: NDArray[np.int64], lives: Lives, when_us: NDArray[np.int64], columns: slice) -> float:
    """Bits for events in the same bins; `columns` of the lives' bins, one a width."""
    had = when_us > 0
    if np.count_nonzero(had) < _FEWEST:
        return 0.0
    bins, outside, when_us = lives.bins[had, columns], lives.p_background[had, columns], when_us[had]
    own = [_shares(time_us, when_us, outside[:, -1], hours) for hours in LIFE_BIN_HOURS]
    return infrastructure_bits(bins, np.maximum(np.column_stack(own), outside)).total


def _shares(
    time_us: NDArray[np.int64], when_us: NDArray[np.int64], p_day: NDArray[np.float64], hours: int
) -> NDArray[np.float64]:
    """Larger share that the family's own exchanges give the bin of each event: as such, or as hour of a common day."""
    width = hours * _HOUR_US
    by_bin = _share_of(time_us // width, when_us // width)
    by_hour = _share_of(time_us % _DAY_US // width, when_us % _DAY_US // width)
    return np.minimum(np.maximum(by_bin, p_day * by_hour), 1.0)


def _share_of(values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of `values` that equal each wanted one, with one more in the count."""
    known, count = np.unique(values, return_counts=True)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.asarray((np.where(known[at] == wanted, count[at], 0) + 1) / (len(values) + 1), np.float64)


def _failover(account: NDArray[np.int32], time_us: NDArray[np.int64], lives: Lives) -> float:
    """Bits for new accounts that begin right after others of like rate stopped."""
    starts, stops = np.flatnonzero(lives.started_us), np.flatnonzero(lives.stopped_us)
    if min(len(starts), len(stops)) < _FEWEST:
        return 0.0
    starts = starts[np.argsort(lives.started_us[starts], kind="stable")][:_MAX_STARTS]
    slot, by_account = time_us // _SLOT_US, np.argsort(account, kind="stable")
    first = np.searchsorted(account[by_account], np.arange(len(lives.started_us) + 1))
    wealth = np.zeros((len(_WEIGHTS), len(STAKES)))
    for b in starts:
        recent = _recent(lives, int(b), stops)
        if recent.any():
            own = slot[by_account[first[b] : first[b + 1]]]
            ratio = _ratios(int(lives.started_us[b]), recent, _nulls(lives, slot, own, int(b)))
            wealth += np.log2(1 + np.array(STAKES) * (ratio[:, None] - 1))
    return mean_bits(wealth)


def _recent(lives: Lives, b: int, stops: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Slots of the day on which account `b` began that follow the stop of another account of like rate."""
    like = np.abs(np.log(lives.per_day[stops] / lives.per_day[b])) <= np.log(_LIKE_RATE)
    stopped = lives.stopped_us[stops[like & (stops != b)]]
    at = stopped // _SLOT_US - lives.started_us[b] // _DAY_US * _SLOTS
    recent = np.zeros(_SLOTS, np.bool_)
    for later in range(_AFTER_SLOTS + 1):
        slots = at + later
        recent[slots[(slots >= 0) & (slots < _SLOTS)]] = True
    return recent


def _nulls(lives: Lives, slot: NDArray[np.int64], own: NDArray[np.int64], b: int) -> NDArray[np.float64]:
    """Shares of the slots of the day under both nulls. Shape (2, slots)."""
    day = int(lives.started_us[b] // _DAY_US)
    hour = day * 24 + np.arange(24) - lives.origin_us // _HOUR_US
    inside = (hour >= 0) & (hour < len(lives.starts_outside))
    starts = np.where(inside, lives.starts_outside[np.where(inside, hour, 0)], 0) + 1.0
    low, high = np.searchsorted(slot, (day * _SLOTS, (day + 1) * _SLOTS))
    active = np.bincount(slot[low:high] - day * _SLOTS, minlength=_SLOTS) + 1.0
    mine = own[own // _SLOTS == day] - day * _SLOTS
    active -= np.bincount(mine, minlength=_SLOTS)
    outside = np.repeat(starts / starts.sum(), _SLOTS // 24) / (_SLOTS // 24)
    return np.stack([outside, active / active.sum()])


def _ratios(start_us: int, recent: NDArray[np.bool_], nulls: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each weight's bet pays for the slot in which the account began."""
    at = start_us % _DAY_US // _SLOT_US
    likely = nulls.mean(axis=0)[None, :] * (1 + np.array(_WEIGHTS)[:, None] * recent[None, :])
    return np.asarray(likely[:, at] / likely.sum(axis=1) / nulls[:, at].max(), np.float64)
