"""Arrow string columns as the plain arrays that kernels read."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["StringParts", "string_parts"]


class StringParts(NamedTuple):
    """Row i is ``data[offsets[i]:offsets[i + 1]]``; nulls have whatever lies there, mostly nothing."""

    offsets: NDArray[np.int32]
    data: NDArray[np.uint8]


def string_parts(array: pa.Array) -> StringParts:
    """Views of the buffers of a string array; nothing is copied.

    >>> parts = string_parts(pa.array(["ab", "c"]))
    >>> parts.offsets.tolist(), bytes(parts.data[:3])
    ([0, 2, 3], b'abc')
    """
    _, offsets, data = array.buffers()
    if not len(array) or offsets is None:
        return StringParts(np.zeros(len(array) + 1, np.int32), np.zeros(0, np.uint8))
    view = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return StringParts(view, np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8))
