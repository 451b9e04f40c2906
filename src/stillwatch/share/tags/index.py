"""Find equal tags among millions: sorted arrays, no object per tag."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.share.tags.block import TAG_BYTES, TagBlock
from stillwatch.stats.lookup import HashIndex

__all__ = ["Pairs", "TagIndex"]

_WORDS: Final = TAG_BYTES // 8


class Pairs(NamedTuple):
    """Equal tags: row in what was asked and row in what is indexed, by ascending asked row, then indexed row."""

    asked: NDArray[np.int64]
    indexed: NDArray[np.int64]


def _words(values: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Four numbers each, of which the first is uniform over honest tags."""
    return np.ascontiguousarray(values).view("<u8").astype(np.uint64, copy=False)


def _order(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Rows in ascending order, equal ones as they came: by the first word, by all only where that is the same."""
    order = np.argsort(words[:, 0], kind="stable")
    first = words[order, 0]
    same = np.flatnonzero(first[1:] == first[:-1])
    tied = np.union1d(same, same + 1)
    rows = order[tied]
    order[tied] = rows[np.lexsort((*words[rows].T[::-1],))]
    return order


class TagIndex:
    """Tags that are asked for again and again: 48 bytes each, whatever their number.

    Found by their first 8 bytes, compared in all 32: a member that makes up tags which begin alike costs time in
    proportion to their number and gets no false match.

    >>> from stillwatch.model.indicator import SignalKind
    >>> tags = TagBlock(SignalKind.TLS, 7, np.arange(96, dtype=np.uint8).reshape(3, 32))
    >>> TagIndex(tags).pairs(TagBlock(SignalKind.TLS, 7, tags.values[[2]])).indexed.tolist()
    [2]
    """

    def __init__(self, block: TagBlock) -> None:
        self.kind, self.epoch = block.kind, block.epoch
        words = _words(block.values).reshape(-1, _WORDS)
        order = _order(words)
        self._order, self._words = order, words[order]
        first = np.ascontiguousarray(self._words[:, 0])
        self._starts = np.flatnonzero(np.r_[True, np.any(self._words[1:] != self._words[:-1], axis=1)][: len(words)])
        self._ends = np.r_[self._starts[1:], len(words)][: len(self._starts)]
        self._prefixes = first[self._starts]
        self._index = HashIndex(self._prefixes)

    def __len__(self) -> int:
        """Tags, repeats included."""
        return len(self._order)

    def pairs(self, asked: TagBlock) -> Pairs:
        """Every pair of equal tags.

        Raises      InvalidInput for tags of another kind or epoch.
        """
        group = self._groups(asked)
        rows = np.flatnonzero(group >= 0)
        starts, sizes = self._starts[group[rows]], (self._ends - self._starts)[group[rows]]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return Pairs(np.repeat(rows, sizes), self._order[np.repeat(starts, sizes) + within])

    def among(self, asked: TagBlock) -> NDArray[np.bool_]:
        """Whether each asked tag is indexed.

        Raises      InvalidInput for tags of another kind or epoch.
        """
        return np.asarray(self._groups(asked) >= 0)

    def _groups(self, asked: TagBlock) -> NDArray[np.int64]:
        """Group of equal indexed tags that each asked tag belongs to, -1 for none."""
        if (asked.kind, asked.epoch) != (self.kind, self.epoch):
            message = (
                f"tags of kind {asked.kind}, epoch {asked.epoch} cannot be compared with "
                f"kind {self.kind}, epoch {self.epoch}"
            )
            raise InvalidInput(message)
        wanted = _words(asked.values).reshape(-1, _WORDS)
        if not len(self._prefixes):
            return np.full(len(wanted), -1)
        group = self._index.positions(np.ascontiguousarray(wanted[:, 0]))
        left = np.flatnonzero(group >= 0)
        while len(left):  # ends at once unless different tags begin with the same 8 bytes
            at = group[left]
            differs = np.any(self._words[self._starts[at]] != wanted[left], axis=1)
            left, at = left[differs], at[differs] + 1
            more = at < len(self._prefixes)
            more[more] = self._prefixes[at[more]] == wanted[left[more], 0]
            group[left] = np.where(more, at, -1)
            left = left[more]
        return group
