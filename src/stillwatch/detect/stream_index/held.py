"""The accused streams, by account: which families are held against whom."""

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.accused import StreamBook
from stillwatch.detect.stream_index._kernels_single import INFRASTRUCTURE, KIN, PROFILE, RHYTHM
from stillwatch.model.view import Grouping
from stillwatch.stats.lookup import among

__all__ = ["HeldStreams"]

_VIEW_SHIFT: Final = np.uint64(61)


@dataclass(frozen=True)
class HeldStreams:
    """One row a stream, by ascending account, then family.

    account     Hash of the account, uint64[n].
    family      Family that holds it, uint64[n].
    campaign    Place of its campaign, int32[n].
    rank        The lower wins an exchange that several families hold, int32[n].
    """

    account: NDArray[np.uint64]
    family: NDArray[np.uint64]
    campaign: NDArray[np.int32]
    rank: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        account: NDArray[np.uint64],
        family: NDArray[np.uint64],
        campaign: NDArray[np.int32],
        rank: NDArray[np.int32],
    ) -> Self:
        """From rows in any order; of equal streams the first counts.

        >>> one, other = np.array([7, 3], np.uint64), np.array([0, 1], np.int32)
        >>> HeldStreams.of(one, one, other, other).campaign.tolist()
        [1, 0]
        """
        order = np.lexsort((family, account))
        by_stream = np.stack([account[order], family[order]])
        order = order[np.r_[True, (by_stream[:, 1:] != by_stream[:, :-1]).any(axis=0)][: len(order)]]
        return cls(account[order], family[order], campaign[order], rank[order])

    @cached_property
    def book(self) -> StreamBook:
        """The same by the hash of family and account, as batches are looked up."""
        return StreamBook.of(self.family, self.account, self.campaign, self.rank)

    @cached_property
    def accounts(self) -> NDArray[np.uint64]:
        """Each account once, ascending, uint64[m]."""
        is_first = np.r_[True, self.account[1:] != self.account[:-1]][: len(self.account)]
        return np.asarray(self.account[is_first])

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """First row of each of `accounts`, then how many rows there are, int64[m + 1]."""
        firsts = np.searchsorted(self.account, self.accounts)
        return np.append(firsts, len(self.account)).astype(np.int64)

    @cached_property
    def views(self) -> bytes:
        """Of each of `accounts` the views whose families are held against it: bit i is view i.

        >>> one = np.array([7], np.uint64)
        >>> list(HeldStreams.of(one, np.array([(3 << 61) | 1], np.uint64), one.astype(np.int32), one).views)
        [8]
        """
        if not len(self.account):
            return b""
        bits = np.left_shift(np.uint8(1), (self.family >> _VIEW_SHIFT).astype(np.uint8))
        return bytes(np.bitwise_or.reduceat(bits, self.bounds[:-1]).tobytes())

    def needs(self, grouping: Grouping) -> Grouping:
        """What the views must have learnt to find these streams; the rest can be left out.

        Which exchanges were from a pool is left out too: new ones are matched with the pools themselves.
        """
        views = reduce(or_, self.views, 0)
        tied = among(self.accounts, grouping.tied_account) & bool(views >> INFRASTRUCTURE & 1)
        profiled = among(self.accounts, grouping.profile_account) & bool(views >> PROFILE & 1)
        return Grouping(
            rhythm_stream=_if(views >> RHYTHM & 1, grouping.rhythm_stream),
            rhythm_cell=_if(views >> RHYTHM & 1, grouping.rhythm_cell),
            tied_account=grouping.tied_account[tied],
            tied_group=grouping.tied_group[tied],
            profile_account=grouping.profile_account[profiled],
            profile_group=grouping.profile_group[profiled],
            followed=_if(views >> PROFILE & 1, grouping.followed),
            kin_template=_if(views >> KIN & 1, grouping.kin_template),
            kin_group=_if(views >> KIN & 1, grouping.kin_group),
        )

    def __len__(self) -> int:
        """Streams."""
        return len(self.account)


def _if(needed: int, array: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return array if needed else array[:0]
