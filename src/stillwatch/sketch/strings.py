"""Arrow string columns as the flat arrays that kernels read."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Strings", "is_null", "strings_of"]


class Strings(NamedTuple):
    """UTF-8 bytes of a column.

    data       All bytes, uint8.
    offsets    Where each row begins, and the end of the last, int64[rows + 1].
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def strings_of(array: pa.Array | pa.ChunkedArray) -> Strings:
    """Bytes and offsets of a string column; a null row is an empty one.

    >>> strings_of(pa.array(["ab", None, "c"])).offsets.tolist()
    [0, 2, 2, 3]
    """
    array = _one_chunk(array)
    if array.null_count:
        array = array.fill_null("")
    _, offsets, data = array.buffers()
    kind = np.int64 if pa.types.is_large_string(array.type) else np.int32
    if not len(array) or offsets is None:
        return Strings(_bytes(None), np.zeros(len(array) + 1, np.int64))
    view = np.frombuffer(offsets, kind)[array.offset : array.offset + len(array) + 1]
    return Strings(_bytes(data), view.astype(np.int64))


def is_null(array: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    """Rows that are null."""
    return np.asarray(_one_chunk(array).is_null().to_numpy(zero_copy_only=False))


def _one_chunk(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # more than 2 GB of text
            array = pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in array.chunks])
    if pa.types.is_null(array.type) or pa.types.is_dictionary(array.type):
        return array.cast(pa.string())
    return array


def _bytes(data: pa.Buffer | None) -> NDArray[np.uint8]:
    """Never to be written to, wherever the text came from: kernels are compiled once, for that."""
    found = np.frombuffer(b"" if data is None else data, np.uint8)
    found.flags.writeable = False
    return found
