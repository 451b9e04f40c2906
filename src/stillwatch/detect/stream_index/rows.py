"""Rows of a table by the hash of a name, one at a time."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.stream_index._kernels_single import account_row
from stillwatch.stats.lookup import HashIndex

__all__ = ["RowsByName"]


class RowsByName:
    """Ascending hashes of names, looked up by the name; one look-up costs a microsecond.

    Hashes are not cryptographic: who needs to know that a row is of the name, and not of one made to look so, compares
    the names.

    >>> from stillwatch.sketch import hash_strings
    >>> import pyarrow as pa
    >>> rows = RowsByName(np.sort(hash_strings(pa.array(["a", "b"]))))
    >>> sorted([rows.row("a"), rows.row("b")]), rows.row("c")
    ([0, 1], -1)
    """

    def __init__(self, hashes: NDArray[np.uint64]) -> None:
        self.hashes = np.require(hashes, requirements=["C", "W"])
        self._starts, shift = HashIndex(self.hashes).buckets
        self._shift = np.array([shift], np.uint64)

    def row(self, name: str) -> int:
        """First row of the name's hash, -1 where there is none."""
        data = np.frombuffer(name.encode("utf-8", "replace"), np.uint8)
        return int(account_row(data, self.hashes, self._starts, self._shift)) if len(self.hashes) else -1

    def __len__(self) -> int:
        """Rows."""
        return len(self.hashes)
