"""Values as small numbers, over any number of batches."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Codebook", "paired"]


class Codebook:
    """Numbers in order of first appearance; null is a value like others."""

    def __init__(self) -> None:
        self._code: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """Values that are known."""
        return len(self._code)

    @property
    def values(self) -> list[Any]:
        """Value of each code."""
        return list(self._code)

    def code(self, value: Hashable) -> int:
        """Code of one value, a new one if need be."""
        return self._code.setdefault(value, len(self._code))

    def codes(self, column: pa.Array) -> NDArray[np.int32]:
        """Code of each row.

        >>> book = Codebook()
        >>> book.codes(pa.array(["a", None, "a"])).tolist(), book.codes(pa.array([None, "b"])).tolist()
        ([0, 1, 0], [1, 2])
        """
        encoded = column.dictionary_encode()
        places = [self.code(value) for value in encoded.dictionary.to_pylist()]
        if encoded.null_count:
            places.append(self.code(None))
        at = encoded.indices.fill_null(len(places) - 1)
        return np.asarray(places, np.int32)[np.asarray(at, np.int64)]

    def rows(self, columns: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
        """Code of each row of one or more columns of codes.

        >>> Codebook().rows([np.array([5, 5, 6], np.int32), np.array([1, 2, 1], np.int32)]).tolist()
        [0, 1, 2]
        """
        mixed = paired(*columns)
        firsts, inverse = np.unique(mixed, return_index=True, return_inverse=True)[1:]
        told = zip(*(column[firsts].tolist() for column in columns), strict=True)
        return np.asarray([self.code(row) for row in told], np.int32)[inverse]


def paired(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """One number for each row of several columns of numbers of at least -1: equal rows are equal, others are not.

    >>> paired(np.array([0, 0, 1]), np.array([-1, 2, -1])).tolist()
    [0, 3, 4]
    """
    mixed = columns[0].astype(np.int64)
    for column in columns[1:]:
        width = int(column.max(initial=-1)) + 2
        if int(mixed.max(initial=0)) >= (1 << 62) // width:
            mixed = np.unique(mixed, return_inverse=True)[1].astype(np.int64)
        mixed = mixed * width + column + 1
    return mixed
