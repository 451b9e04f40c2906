"""What a text looks like, whatever it says: lengths and kinds of characters. The twin is in the tests."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["N_SHAPES", "shapes_of_rows"]

N_SHAPES = 12


@kernel
def shapes_of_rows(strings: Strings, tables: FoldTables) -> NDArray[np.float64]:
    """Bytes, words, lines, bytes a word, distinct words a word, and shares of seven kinds of bytes of every row."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    kind_of = np.full(256, 6, np.int64)  # everything else: symbols
    kind_of[97:123] = 7  # small letters need no share: it follows from the others
    kind_of[48:58] = 0
    kind_of[65:91] = 1
    for mark in (33, 34, 39, 46, 58, 59, 63):  # ! " ' . : ; ?
        kind_of[mark] = 2
    kind_of[128:] = 3
    kind_of[44] = 4  # a comma
    kind_of[32] = 5  # a space
    shapes = np.zeros((n_rows, N_SHAPES))
    counts = np.zeros(8)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n_tokens, _ = tokenize(address, length, tables, room)
        counts[:] = 0.0
        lines = 0
        for at in range(strings.offsets[row], strings.offsets[row + 1]):
            counts[kind_of[strings.data[at]]] += 1.0
            lines += strings.data[at] == 10
        shapes[row, 0], shapes[row, 1], shapes[row, 2] = length, n_tokens, lines
        shapes[row, 3] = length / max(n_tokens, 1)
        shapes[row, 4] = len(np.unique(room.tokens[:n_tokens])) / max(n_tokens, 1)
        shapes[row, 5:] = counts[:7] / max(length, 1)
    return shapes
