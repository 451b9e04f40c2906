"""Contexts that a test has met: each counts once over everything that is tested, the first time it comes."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.leak import _kernels_seen as kernels

__all__ = ["Seen"]

_FIRST: Final = 1 << 12


class Seen:
    """A set of contexts, in memory: 16 to 32 bytes each.

    most        Contexts to remember, at least 1. When they are reached nothing new counts any more: what is tested is
                then the first part of the suspect, chosen by its order alone, and `left_out` says how much was not.

    >>> seen = Seen()
    >>> seen.new(np.array([5, 6, 5], np.uint64)).tolist(), seen.new(np.array([6, 7], np.uint64)).tolist()
    ([True, True, False], [False, True])
    """

    def __init__(self, most: int = 100_000_000) -> None:
        if most < 1:
            message = f"most must be at least 1, got {most}"
            raise InvalidInput(message)
        self._most = most
        self._table = np.zeros(_FIRST, np.uint64)
        self.count = 0
        self.left_out = 0

    def new(self, contexts: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which contexts come for the first time; from now on they do not."""
        self._grow(min(self.count + len(contexts), self._most))
        is_new = np.zeros(len(contexts), np.bool_)
        added, left_out, _ = kernels.add_new(self._table, contexts, self._most - self.count, is_new)
        self.count += added
        self.left_out += left_out
        return is_new

    def _grow(self, wanted: int) -> None:
        size = len(self._table)
        while size < 2 * wanted + 2:
            size *= 2
        if size > len(self._table):
            larger = np.zeros(size, np.uint64)
            kernels.moved(self._table, larger)
            self._table = larger
