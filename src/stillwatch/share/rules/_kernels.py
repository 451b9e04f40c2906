"""Wordings in prompts, by tokens: pieces in order, the leftmost first. The twin is `shadow.holds`."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

__all__ = ["Wordings", "wording_rows"]


class Wordings(NamedTuple):
    """Wordings as flat arrays.

    tokens    Tokens of all pieces; numbers are all DIGITS, uint64.
    edges     Where each piece begins, and the end of the last, int64[pieces + 1].
    first     First piece of each wording, and the number of all, int64[wordings + 1].
    """

    tokens: NDArray[np.uint64]
    edges: NDArray[np.int64]
    first: NDArray[np.int64]


@kernel
def wording_rows(strings: Strings, tables: FoldTables, wordings: Wordings) -> NDArray[np.bool_]:
    """Whether each text holds any of the wordings; linear in the text, as a piece has at most 16 tokens."""
    n_rows = len(strings.offsets) - 1
    found = np.zeros(n_rows, np.bool_)
    room = room_for(strings)
    for row in range(n_rows):
        address, length = readable(strings, row, room)
        n, _ = tokenize(address, length, tables, room)
        for i in range(n):
            if room.tokens[i] & KIND_MASK == DIGITS:
                room.tokens[i] = DIGITS
        for wording in range(len(wordings.first) - 1):
            at = 0
            piece = wordings.first[wording]
            while piece < wordings.first[wording + 1]:
                begin, size = wordings.edges[piece], wordings.edges[piece + 1] - wordings.edges[piece]
                while at + size <= n:
                    same = 0
                    while same < size and room.tokens[at + same] == wordings.tokens[begin + same]:
                        same += 1
                    if same == size:
                        break
                    at += 1
                if at + size > n:
                    break
                at += size
                piece += 1
            if piece == wordings.first[wording + 1]:
                found[row] = True
                break
    return found
