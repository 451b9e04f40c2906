"""Families that the same accounts send become one campaign."""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect._kernels_kinship import common_volumes
from stillwatch.detect.kinship import Streams, kindred

__all__ = ["link"]

_ONE_CREW: Final = 0.6
"""Kinship from here on is nearer to one crew than to two of equal size behind one family, which have 0.5."""
_TENTH: Final = 0.1


def link(streams: Streams, wide: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Group of each family, numbered by their first family.

    Families are put together, the closest kin first, as long as the groups are kin as wholes; and only where the
    accounts they have in common send in both at least a tenth of what they send in their busiest families. So popular
    bystanders tie nothing; a client or a sentence that two operations use goes with the larger of them at most and ties
    neither to the other; and a sentence that everybody sends now and then belongs to nobody.

    wide        Families of all that like-minded or tied accounts send: each goes with its closest kin, but is no reason
                to put others together, since two crews may ask from one list. None is no such family.

    References  Kaufman and Rousseeuw (1990), Finding Groups in Data, chapter 5 (agglomerative nesting).

    >>> codes = np.array([0, 0, 0, 1, 1, 1, 2]), np.array([0, 1, 2, 0, 1, 2, 9])
    >>> link(Streams(*codes, np.full(7, 5), 3, 1000)).tolist()
    [0, 0, 2]
    """
    kin = kindred(streams, least=_ONE_CREW)
    near = np.flatnonzero((kin.kinship > _ONE_CREW) & (_shared_share(streams, kin.one, kin.other) > _TENTH))
    pairs = near[np.lexsort((kin.other[near], kin.one[near], -kin.kinship[near]))]
    is_wide = np.zeros(streams.n_families, np.bool_) if wide is None else wide
    n_wide = is_wide[kin.one[pairs]].astype(np.int64) + is_wide[kin.other[pairs]]
    groups = _Groups(streams)
    for pair in pairs[n_wide == 0]:
        groups.join(int(kin.one[pair]), int(kin.other[pair]))
    guests: dict[int, int] = {}
    for pair in pairs[n_wide == 1]:
        host, guest = sorted((int(kin.one[pair]), int(kin.other[pair])), key=lambda family: bool(is_wide[family]))
        if guest not in guests and groups.are_kin(host, guest):
            guests[guest] = host
    for pair in pairs[n_wide == 2]:
        one, other = int(kin.one[pair]), int(kin.other[pair])
        if one not in guests and other not in guests:
            groups.join(one, other)
    hosts = [groups.of(guests.get(family, family)) for family in range(streams.n_families)]
    return _numbered(np.array(hosts, np.int64))


def _numbered(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups by the number of their first family."""
    _, first, code = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first[code], np.int64)


def _shared_share(streams: Streams, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the common accounts of each pair send in the family where they send less, of their busiest families."""
    if not len(one):
        return np.zeros(0)
    busiest = np.zeros(streams.n_accounts, np.int64)
    np.maximum.at(busiest, streams.account, streams.n)
    order = np.lexsort((streams.account, streams.family))
    first = np.searchsorted(streams.family[order], np.arange(streams.n_families + 1))
    account, n = streams.account[order], streams.n[order].astype(np.int64)
    in_one, in_other, busy = common_volumes(first, account, n, busiest, one, other).T
    return np.asarray(np.minimum(in_one, in_other) / busy)


class _Group(NamedTuple):
    """Accounts, ascending, and the exchanges of each in the family where it has the most."""

    account: NDArray[np.int64]
    n: NDArray[np.int64]


class _Groups:
    """Families that are together so far; a group goes by its first family."""

    def __init__(self, streams: Streams) -> None:
        order = np.lexsort((streams.account, streams.family))
        bounds = np.searchsorted(streams.family[order], np.arange(streams.n_families + 1))
        self._n_accounts = streams.n_accounts
        self._name = list(range(streams.n_families))
        self._group = [_Group(streams.account[order[i:j]], streams.n[order[i:j]]) for i, j in pairwise(bounds)]

    def of(self, family: int) -> int:
        """First family of the group that a family is in."""
        while self._name[family] != family:
            self._name[family] = self._name[self._name[family]]
            family = self._name[family]
        return family

    def join(self, one: int, other: int) -> None:
        """Put the groups of two families together, if they are kin."""
        one, other = sorted((self.of(one), self.of(other)))
        if one != other and self.are_kin(one, other):
            self._name[other] = one
            self._group[one] = _together(self._group[one], self._group[other])

    def are_kin(self, one: int, other: int) -> bool:
        """Whether the groups of two families are kin as wholes."""
        return self._kinship(self._group[self.of(one)], self._group[self.of(other)]) > _ONE_CREW

    def _kinship(self, one: _Group, other: _Group) -> float:
        family = np.repeat([0, 1], [len(one.account), len(other.account)])
        _, account = np.unique(np.r_[one.account, other.account], return_inverse=True)
        both = Streams(family, account, np.r_[one.n, other.n], 2, self._n_accounts)
        return float(kindred(both, least=_ONE_CREW).kinship.max(initial=0.0))


def _together(one: _Group, other: _Group) -> _Group:
    account, code = np.unique(np.r_[one.account, other.account], return_inverse=True)
    n = np.zeros(len(account), np.int64)
    np.maximum.at(n, code, np.r_[one.n, other.n])
    return _Group(account, n)
