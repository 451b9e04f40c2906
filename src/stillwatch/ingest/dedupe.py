"""Which exchange ids were seen before, across batches and files, in 18 to 28 bytes an id."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.ingest._kernels import add_hashes, hash_strings
from stillwatch.ingest.strings import string_parts

__all__ = ["SeenIds"]

FIRST_SLOTS = 1 << 17
FULL, ROOMY = 0.85, 0.57
"""Share of slots taken above which the table grows, and what is taken afterwards."""


class SeenIds:
    """Set of id hashes, 128 bits each: two different ids of 10 billion are taken for one with probability 1e-19.

    Of rows with one id the first in reading order is kept.
    """

    def __init__(self) -> None:
        self._table = np.zeros((FIRST_SLOTS, 2), np.uint64)
        self._n_ids = 0

    def __len__(self) -> int:
        """Different ids seen."""
        return self._n_ids

    @property
    def size_bytes(self) -> int:
        """Memory of the table."""
        return self._table.nbytes

    def add(self, ids: pa.Array) -> NDArray[np.bool_]:
        """Remember `ids` (no nulls) and mark those not seen before.

        >>> SeenIds().add(pa.array(["a", "b", "a"])).tolist()
        [True, True, False]
        """
        offsets, data = string_parts(ids)
        hashes = np.empty((len(ids), 2), np.uint64)
        hash_strings(offsets, data, hashes)
        self._make_room(len(ids))
        is_new = np.empty(len(ids), np.bool_)
        self._n_ids += add_hashes(self._table, hashes, is_new)
        return is_new

    def _make_room(self, n: int) -> None:
        if self._n_ids + n <= FULL * len(self._table):
            return
        held = self._table[(self._table[:, 0] | self._table[:, 1]) != 0]
        self._table = np.zeros((int((self._n_ids + n) / ROOMY) + 1, 2), np.uint64)
        add_hashes(self._table, held, np.empty(len(held), np.bool_))
