"""Ids of the last exchanges, as hashes: what comes again is known, in bounded memory."""

from collections import deque
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.ingest._kernels import add_hashes, hash_strings
from stillwatch.ingest.strings import string_parts
from stillwatch.service.collect._kernels import mark_held

__all__ = ["RecentIds", "hashes_of"]

_GENERATIONS: Final = 8
_SLOTS_PER_ID: Final = 1.4
Hashes = NDArray[np.uint64]


def hashes_of(ids: pa.Array) -> Hashes:
    """128-bit hash of every id, (n, 2): see `ingest.dedupe.SeenIds` for what that means.

    >>> hashes_of(pa.array(["a", "a"])).shape
    (2, 2)
    """
    offsets, data = string_parts(ids)
    hashes = np.empty((len(ids), 2), np.uint64)
    hash_strings(offsets, data, hashes)
    return hashes


class RecentIds:
    """The last `most` ids or somewhat fewer, at least seven eighths of them; the oldest go an eighth at a time.

    Bounded by their number and not by the hour, so that no clock matters: with little traffic they reach far back.

    most    Memory is 22 bytes for each.
    """

    def __init__(self, most: int) -> None:
        self._room = max(1, -(-most // _GENERATIONS))
        self._generations: deque[Hashes] = deque(maxlen=_GENERATIONS)
        self._sizes: deque[int] = deque(maxlen=_GENERATIONS)

    def __len__(self) -> int:
        """Ids that are remembered."""
        return sum(self._sizes)

    def fresh(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Mark the rows that are not remembered, of equal ones the first only; nothing is remembered yet.

        >>> RecentIds(10).fresh(hashes_of(pa.array(["a", "b", "a"]))).tolist()
        [True, True, False]
        """
        held = np.zeros(len(hashes), np.bool_)
        for table in reversed(self._generations):
            mark_held(table, hashes, held)
        first = np.empty(len(hashes), np.bool_)
        add_hashes(_table(len(hashes)), hashes, first)
        return first & ~held

    def add(self, hashes: Hashes) -> None:
        """Remember ids; each must be fresh."""
        while len(hashes):
            if not self._generations or self._sizes[-1] >= self._room:
                self._generations.append(_table(self._room))
                self._sizes.append(0)
            taken, hashes = np.split(hashes, [self._room - self._sizes[-1]])
            self._sizes[-1] += add_hashes(self._generations[-1], taken, np.empty(len(taken), np.bool_))


def _table(room: int) -> Hashes:
    """An empty table for so many ids; what is never touched takes no memory."""
    return np.zeros((int(room * _SLOTS_PER_ID) + 2, 2), np.uint64)
