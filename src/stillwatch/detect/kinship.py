"""How far two families are the work of the same accounts: from 0, as chance has it, to 1, as one crew would."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect._kernels_kinship import expected_overlaps, least_overlaps, overlapping
from stillwatch.stats.tails import benjamini_hochberg, log_hypergeometric_tail

__all__ = ["Kin", "Streams", "kindred"]

_FALSE_DISCOVERY_RATE = 1e-3
_FEWEST_COMMON = 3
_BLOCK = 1 << 22
"""Meetings of two streams that are counted at a time."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams of families as codes, one row each, no pair twice.

    family, account     Codes; accounts among the `n_accounts` that were seen at all.
    n                   Exchanges, at least 1.
    """

    family: NDArray[np.int64]
    account: NDArray[np.int64]
    n: NDArray[np.int64]
    n_families: int
    n_accounts: int

    @property
    def meeting(self) -> float:
        """Chance that two streams are of one account when the busy are met everywhere (configuration model)."""
        degree = np.bincount(self.account).astype(np.float64)
        return float(np.square(degree).sum() / max(np.square(degree.sum()), 1.0))


class Kin(NamedTuple):
    """Pairs of families whose common accounts are improbable; each pair once, `one` below `other`.

    common      Accounts in both.
    kinship     Common accounts, on a scale where 0 is what chance gives and 1 what one crew gives.
    inside      Share of the accounts of `one` that are in `other` too, of those that would be were they of one crew;
                and the other way round. 0 to 1, shape (2, pairs).
    """

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    common: NDArray[np.int64]
    kinship: NDArray[np.float64]
    inside: NDArray[np.float64]


def _overlapping(
    account: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of families with enough common accounts, and how many, a block of families after the other.

    Most pairs have one or two in common: all of them at once would take more memory than everything else.
    """
    met = np.repeat(np.arange(len(first) - 1), np.diff(first))[np.argsort(account, kind="stable")]
    n_met = np.bincount(account)
    families = np.r_[0, np.cumsum(n_met)], met
    meetings = np.r_[0, np.cumsum(n_met[account])][first]
    found = [(np.zeros(0, np.int64),) * 3]
    start = 0
    while start < len(first) - 1:
        stop = max(start + 1, int(np.searchsorted(meetings, meetings[start] + _BLOCK, side="right")) - 1)
        found.append(overlapping(first, account, families, start, stop, _FEWEST_COMMON))
        start = stop
    one, other, common = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return one, other, common


def _runs(
    family: NDArray[np.int64], n: NDArray[np.int64], n_families: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where each family's sizes start, each size once, ascending, and how many accounts have it."""
    order = np.lexsort((n, family))
    of, size = family[order], n[order]
    start = np.flatnonzero(np.r_[True, (of[1:] != of[:-1]) | (size[1:] != size[:-1])])
    accounts = np.diff(np.r_[start, len(of)])
    return np.searchsorted(of[start], np.arange(n_families + 1)), size[start], accounts


def kindred(streams: Streams, meeting: float | None = None, least: float = 0.0) -> Kin:
    """Pairs with more common accounts than chance allows (hypergeometric tail, Benjamini-Hochberg), and their kinship.

    One crew deals every exchange of both families to its accounts by one chance, so that an account with many exchanges
    is in both; who has many and is in one alone belongs to somebody else. Accounts with a single exchange say nothing.
    So a family that spans two crews is kin to the larger at most, and one cut into pieces is kin to all of them.

    meeting     Chance that two streams are of one account; None is that of drawing accounts evenly.
    least       Pairs that cannot reach this kinship may be left out: popular families meet thousands of others.
    References  Newman (2010), Networks, section 13.2 (configuration model).

    >>> codes = np.array([0] * 9 + [1] * 9), np.r_[np.arange(9), np.arange(9)], np.full(18, 5)
    >>> kindred(Streams(*codes, 2, 1000)).kinship.round(2).tolist()
    [1.0]
    """
    order = np.lexsort((streams.account, streams.family))
    family, account, n = (v[order].astype(np.int64) for v in (streams.family, streams.account, streams.n))
    size = np.bincount(family, minlength=streams.n_families)
    first = np.r_[0, np.cumsum(size)].astype(np.int64)
    one, other, common = _overlapping(account, first)
    if not len(one):
        return Kin(one, other, common, np.zeros(0), np.zeros((2, 0)))
    log_p = log_hypergeometric_tail(common, size[one], size[other], streams.n_accounts)
    real = benjamini_hochberg(np.exp(log_p), _FALSE_DISCOVERY_RATE)
    one, other, common = one[real], other[real], common[real]
    by_chance = np.minimum(size[one] * size[other] * (1 / streams.n_accounts if meeting is None else meeting), common)
    total = np.bincount(family, weights=n, minlength=streams.n_families)
    runs = _runs(family, n, streams.n_families)
    bound = least_overlaps(runs, total, one, other, common)
    able = common - by_chance > least * (bound - by_chance)
    one, other, common, by_chance = one[able], other[able], common[able], by_chance[able]
    expected = expected_overlaps((first, account, n), runs, total, one, other).T
    kinship = (common - by_chance) / np.maximum(expected[0] - by_chance, common - by_chance + 1e-9)
    inside = np.minimum(common / np.maximum(expected[1:], 1e-9), 1.0)
    return Kin(one, other, common, kinship, inside)
