"""What the accounts of a campaign send beside it: customers behind a relay and chatter are left alone.

A template, a client or a rhythm picks single exchanges; what one group of accounts sends, or asks, is everything. When
a campaign has families of both kinds, what only the second kind holds is judged by itself. It stays when it is much
more like a harvest than not, as the rest of a list is; otherwise the campaign is what the first kind holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.campaigns import Draft, JudgedFamily, is_wide
from stillwatch.detect.families import MEMBER, MIN_ACCOUNTS, MIN_EXCHANGES, member_rows
from stillwatch.detect.views import family_keys
from stillwatch.detect.views.mixing import mix
from stillwatch.model.campaign import Verdict
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import HashIndex

__all__ = ["Residues", "without_residues"]

_ENOUGH_BITS: Final = 4.0
"""What is sent by accounts that harvest needs no odds of one in a thousand to be harvest, too; more than even ones."""


@dataclass(frozen=True, slots=True)
class Residues:
    """Streams of harvest drafts that have families of both kinds, by stream hash (`mix` of family and account).

    narrow, wide    Streams of each kind, ascending.
    """

    narrow: NDArray[np.uint64]
    wide: NDArray[np.uint64]

    @classmethod
    def of(cls, drafts: Sequence[Draft]) -> Self:
        """From the drafts that accuse; nothing when no draft has both kinds."""
        streams: dict[bool, list[NDArray[np.uint64]]] = {True: [], False: []}
        for draft in drafts:
            kinds = {is_wide(family.family) for family in draft.families}
            if draft.verdict == Verdict.HARVEST and len(kinds) == 2:
                for family in draft.families:
                    ids = np.full(len(family.accounts), family.family, np.uint64)
                    streams[is_wide(family.family)].append(mix(ids, family.accounts))
        narrow, wide = (np.unique(np.concatenate([np.zeros(0, np.uint64), *streams[k]])) for k in (False, True))
        return cls(narrow, wide)

    def rows(self, grouping: Grouping) -> Callable[[Fingerprints], pa.RecordBatch]:
        """Function that keeps exchanges (table MEMBER) of wide streams that are in no narrow one."""
        narrow, wide = HashIndex(self.narrow), HashIndex(self.wide)

        def keep(fingerprints: Fingerprints) -> pa.RecordBatch:
            account = fingerprints["account"]
            keys = family_keys(fingerprints, grouping)
            members = [np.flatnonzero(key) for key in keys]
            streams = [mix(key[rows], account[rows]) for key, rows in zip(keys, members, strict=True)]
            told = np.zeros(len(account), np.bool_)
            for rows, stream in zip(members, streams, strict=True):
                told[rows[narrow.among(stream)]] = True
            found = [
                (key, rows[~told[rows] & wide.among(stream)])
                for key, rows, stream in zip(keys, members, streams, strict=True)
            ]
            return member_rows(fingerprints, grouping, found, MEMBER)

        return keep


def without_residues(drafts: Sequence[Draft], measured: pa.Table, score_bits: NDArray[np.float64]) -> list[Draft]:
    """The drafts without those wide families whose residue is not by itself likelier a harvest.

    measured        Table MEASURED of the residues, by family id; those too small to be judged change nothing.
    score_bits      Score of each.
    """
    large = (measured["n_accounts"].to_numpy() >= MIN_ACCOUNTS) & (measured["n_exchanges"].to_numpy() >= MIN_EXCHANGES)
    innocent = set(measured["family"].to_numpy()[large & (score_bits < _ENOUGH_BITS)].tolist())
    found = []
    for draft in drafts:
        kept = tuple(family for family in draft.families if family.family not in innocent)
        mixed = {is_wide(family.family) for family in draft.families} == {True, False}
        found.append(_judged_again(kept) if draft.verdict == Verdict.HARVEST and mixed else draft)
    return found


def _judged_again(kept: tuple[JudgedFamily, ...]) -> Draft:
    """What is left of a harvest; a question for a person when what is left never was over the bar."""
    kept = tuple(sorted(kept, key=lambda family: family.verdict != Verdict.HARVEST))
    return Draft(Verdict.HARVEST if kept[0].verdict == Verdict.HARVEST else Verdict.UNCLEAR, kept)
