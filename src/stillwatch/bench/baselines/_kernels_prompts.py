"""Tokens at the start of prompts. The twin is `stillwatch.bench.baselines._twins.leading_tokens`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["leading_tokens"]


@kernel
def leading_tokens(strings: Strings, tables: FoldTables, n_tokens: int) -> NDArray[np.uint64]:
    """First tokens of every row, shape (rows, n_tokens); 0 past the end, all numbers alike."""
    n_rows, room = len(strings.offsets) - 1, room_for(strings)
    found = np.zeros((n_rows, n_tokens), np.uint64)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        for i in range(min(n, n_tokens)):
            token = room.tokens[i]
            found[row, i] = DIGITS if token & KIND_MASK == DIGITS else token
    return found
