"""64-bit hashes of strings. One function for every identifier, so that tables made apart can be joined."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.sketch._kernels_hash import hash_rows, mix_into
from stillwatch.sketch.strings import strings_of

__all__ = ["hash_strings", "mix_columns"]


def hash_strings(array: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """Hash every row of a string column; 0 for null or empty, never 0 otherwise.

    The value depends on the bytes alone: not on the machine, the batch or the version of Python. It is not a
    cryptographic hash: who knows the constants can find collisions.

    >>> hash_strings(pa.array(["a", None, "", "a"])).tolist()
    [17225243758883586279, 0, 0, 17225243758883586279]
    """
    return hash_rows(strings_of(array))


def mix_columns(*columns: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One hash of each row of several columns, their order kept; 0 when all are 0, never 0 otherwise.

    >>> mix_columns(np.array([0, 1], np.uint64), np.array([0, 2], np.uint64)).astype(bool).tolist()
    [False, True]
    """
    mixed, known = np.zeros_like(columns[0]), np.zeros_like(columns[0])
    for column in columns:
        mix_into(mixed, known, column if column.flags.writeable else column.copy())
    return np.where(known != 0, np.maximum(mixed, np.uint64(1)), np.uint64(0))
