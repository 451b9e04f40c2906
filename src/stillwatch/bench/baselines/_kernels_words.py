"""Words of texts counted in hashed columns. The twin stands in the test."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["hashed_words"]


@kernel
def hashed_words(
    strings: Strings, tables: FoldTables, shift: int, max_words: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Row starts, columns (ascending within a row) and counts; a column is the high bits of a word's hash."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    starts = np.zeros(n_rows + 1, np.int64)
    columns, counts = np.empty(1024, np.int32), np.empty(1024, np.float32)
    size = 0
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        n = min(n, max_words)
        words = np.sort(room.tokens[:n] >> np.uint64(shift))
        while size + n > len(columns):
            columns = np.concatenate((columns, np.empty_like(columns)))
            counts = np.concatenate((counts, np.empty_like(counts)))
        for i in range(n):
            if i > 0 and words[i] == words[i - 1]:
                counts[size - 1] += np.float32(1)
            else:
                columns[size] = np.int32(words[i])
                counts[size] = np.float32(1)
                size += 1
        starts[row + 1] = size
    return starts, columns[:size].copy(), counts[:size].copy()
