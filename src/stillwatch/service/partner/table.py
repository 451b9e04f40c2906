"""Digests of all that has matched, in memory: what a request carries is looked up in microseconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.share.node.matches import Match
from stillwatch.stats.lookup import HashIndex

__all__ = ["MOST_ROWS", "Hit", "MatchTable"]

MOST_ROWS: Final = 2_000_000
"""Digests that are held, 16 bytes each and an index; of more the latest indicators'."""


class Hit(NamedTuple):
    """A match that has a digest, and the digest's bits before any decay."""

    place: int
    bits: float


@dataclass(frozen=True, slots=True)
class MatchTable:
    """Matches, and their digests in ascending order.

    matches     Elsewhere a match is its place here.
    kinds       Of all matches.
    n_left_out  Matches that there was no room for.
    """

    matches: tuple[Match, ...]
    kinds: frozenset[str]
    n_left_out: int
    _digests: NDArray[np.uint64]
    _place: NDArray[np.int32]
    _bits: NDArray[np.float32]
    _index: HashIndex

    @classmethod
    def of(cls, matches: Sequence[Match], matched: Sequence[NDArray[Any]], most_rows: int = MOST_ROWS) -> Self:
        """Table of matches; those that come first find room.

        matched     Digests and bits of each, `MATCHED`.
        """
        total = np.cumsum([len(one) for one in matched]) if matched else np.zeros(0, np.int64)
        n = int((total <= most_rows).sum())
        rows = np.concatenate([*(matched[:n]), np.zeros(0, [("digest", "<u8"), ("bits", "<f4")])])
        place = np.repeat(np.arange(n, dtype=np.int32), [len(one) for one in matched[:n]])
        order = np.argsort(rows["digest"], kind="stable")
        digests = np.ascontiguousarray(rows["digest"][order], np.uint64)
        kept = tuple(matches[:n])
        kinds = frozenset(match.kind for match in kept)
        bits = np.ascontiguousarray(rows["bits"][order], np.float32)
        return cls(kept, kinds, len(matches) - n, digests, place[order], bits, HashIndex(digests))

    @classmethod
    def empty(cls) -> Self:
        """Nothing has matched.

        >>> list(MatchTable.empty().hits([7]))
        []
        """
        return cls.of((), ())

    def hits(self, digests: Sequence[int]) -> Iterator[tuple[int, Hit]]:
        """What has one of the digests: its place in what was asked for, and the hit."""
        if not self.matches or not digests:
            return
        for asked, first in enumerate(self._index.positions(np.array(digests, np.uint64)).tolist()):
            row = first
            while 0 <= row < len(self._digests) and int(self._digests[row]) == digests[asked]:
                yield asked, Hit(int(self._place[row]), float(self._bits[row]))
                row += 1
