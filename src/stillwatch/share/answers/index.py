"""A member's own tags of recent traffic, so that a hundred thousand of others' are looked up in a pass.

The member makes the tags from values that it has in clear, so it leaves out here what its warning lists know to be
shared: a tag of an indicator that stands for a carrier-NAT address then hits nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.tags.block import TAG_BYTES

__all__ = ["KINDS", "NO_FAMILY", "TAG_BYTES", "Hits", "Local", "TagIndex"]

KINDS: Final[tuple[SignalKind, ...]] = tuple(SignalKind)
"""Kinds by their code."""
NO_FAMILY: Final = 0
"""Family of what accounts outside of all families have: it makes a tag less rare and matches nothing."""


@dataclass(frozen=True, slots=True)
class Local:
    """Local tags as they are made, a row for each tag of an account in a family; rows may repeat.

    tags        32 bytes a row.
    kind        Code in `KINDS`.
    family, account     Family id, 0 for none, and hash of the account; bands need no account.
    is_shared   Whether a warning list has the value.
    """

    tags: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    family: NDArray[np.uint64]
    account: NDArray[np.uint64]
    is_shared: NDArray[np.bool_]


class Hits(NamedTuple):
    """Rows of the index that have a wanted tag: which tag (its place in what was asked for), family and account."""

    tag: NDArray[np.int64]
    family: NDArray[np.uint64]
    account: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class TagIndex:
    """Local tags of one key epoch, sorted; build it with `of`.

    epoch       Number of the key's epoch that the tags were made with.
    days        Days of traffic they are of, at least 1.
    coverage    Share of that traffic for which tags of a kind were made, 0 to 1; kinds that are not there: none.
    n_accounts, n_families  How many there are in all, hit or not.
    """

    epoch: int
    days: int
    coverage: Mapping[SignalKind, float]
    n_accounts: int
    n_families: int
    words: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    family: NDArray[np.uint64]
    account: NDArray[np.uint64]

    @classmethod
    def of(
        cls,
        local: Local,
        *,
        epoch: int,
        days: int,
        coverage: Mapping[SignalKind, float],
        n_accounts: int,
        n_families: int,
    ) -> "TagIndex":
        """Sort local tags, without those on warning lists and without repetitions.

        Raises      InvalidInput if rows do not go together, or days, coverage or counts are out of range.
        """
        n = len(local.kind)
        lengths = {len(local.family), len(local.account), len(local.is_shared)}
        if local.tags.shape != (n, TAG_BYTES) or lengths != {n} or (n and local.kind.max() >= len(KINDS)):
            msg = f"local tags need {TAG_BYTES} bytes, a kind, a family, an account and a flag each, {n} of all"
            raise InvalidInput(msg)
        if days < 1 or not all(0 <= share <= 1 for share in coverage.values()) or min(n_accounts, n_families) < 0:
            msg = f"days must be at least 1 and coverage in [0, 1], got {days} days"
            raise InvalidInput(msg)
        words = np.ascontiguousarray(local.tags).view(">u8").astype(np.uint64)
        kept = np.flatnonzero(~local.is_shared)
        columns = [local.account, local.family, local.kind, *words.T[::-1]]
        order = kept[_order([column[kept] for column in columns])]
        if len(order):
            fresh = np.zeros(len(order), np.bool_)
            fresh[0] = True
            for column in columns:
                fresh[1:] |= column[order[1:]] != column[order[:-1]]
            order = order[fresh]
        rows = words[order], local.kind[order], local.family[order], local.account[order]
        return cls(epoch, days, coverage, n_accounts, n_families, *rows)

    def hits(self, tags: Sequence[Tag]) -> Hits:
        """Every row with one of the tags; those of another epoch hit nothing.

        Raises      InvalidInput if a tag is not 64 hexadecimal digits.
        """
        wanted = _words([tag.value for tag in tags])
        kinds = np.array([KINDS.index(tag.kind) for tag in tags], np.uint8)
        first = np.searchsorted(self.words[:, 0], wanted[:, 0], side="left")
        n = np.searchsorted(self.words[:, 0], wanted[:, 0], side="right") - first
        n[np.array([tag.epoch != self.epoch for tag in tags], np.bool_)] = 0
        asked = np.repeat(np.arange(len(tags)), n)
        row = np.repeat(first, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        same = (self.words[row] == wanted[asked]).all(axis=1) & (self.kind[row] == kinds[asked])
        row = row[same]
        return Hits(asked[same], self.family[row], self.account[row])


def _order(columns: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Rows sorted by the last column, then the one before it and so on: by all only where the last is the same."""
    order = np.argsort(columns[-1], kind="stable")
    first = columns[-1][order]
    same = np.flatnonzero(first[1:] == first[:-1])
    tied = np.union1d(same, same + 1)
    rows = order[tied]
    order[tied] = rows[np.lexsort([column[rows] for column in columns])]
    return order


def _words(values: Sequence[str]) -> NDArray[np.uint64]:
    """Tags as four words each; the first decides where they are sorted."""
    text = "".join(values)
    if any(len(value) != 2 * TAG_BYTES for value in values) or " " in text:
        msg = f"a tag must be {2 * TAG_BYTES} hexadecimal digits"
        raise InvalidInput(msg)
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        msg = f"a tag must be {2 * TAG_BYTES} hexadecimal digits"
        raise InvalidInput(msg) from error
    return np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, TAG_BYTES // 8)
