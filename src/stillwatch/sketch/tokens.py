"""Tokens of one text, as all of sketch/ sees them."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import readable, room_for, tokenize
from stillwatch.sketch.folding import FoldTables, fold_tables
from stillwatch.sketch.strings import Strings, strings_of

__all__ = ["tokens_of"]


def tokens_of(text: str) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Tokens, and first and past-the-end byte of each (int32[n, 2]).

    >>> tokens_of("Résumé resume")[1].tolist()
    [[0, 8], [9, 15]]
    >>> len(set(tokens_of("Résumé resume")[0].tolist()))
    1
    """
    tokens, starts, ends = _first_row(strings_of(pa.array([text], pa.string())), fold_tables())
    return tokens, np.stack([starts, ends], axis=1)


@kernel
def _first_row(strings: Strings, tables: FoldTables) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    room = room_for(strings)
    address, length = readable(strings, 0, room)
    n, _ = tokenize(address, length, tables, room)
    return room.tokens[:n].copy(), room.starts[:n].copy(), room.ends[:n].copy()
