"""Tokens of one text, as all of sketch/ sees them."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import kernel
from stillwatch.sketch._kernels_tokens import Tables, readable, scratch_for, tokenize
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of

__all__ = ["tokens_of"]


def tokens_of(text: str) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Tokens, and first and past-the-end byte of each (int32[n, 2]).

    >>> tokens_of("Résumé resume")[1].tolist()
    [[0, 8], [9, 15]]
    >>> len(set(tokens_of("Résumé resume")[0].tolist()))
    1
    """
    strings = strings_of(pa.array([text], pa.string()))
    tokens, starts, ends = _first_row(strings.data, strings.offsets, fold_tables())
    return tokens, np.stack([starts, ends], axis=1)


@kernel
def _first_row(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], tables: Tables
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    copy, tokens, starts, ends = scratch_for(offsets)
    address = readable(data, offsets[0], offsets[1], copy)
    n, _ = tokenize(address, offsets[1] - offsets[0], tables, tokens, starts, ends)
    return tokens[:n].copy(), starts[:n].copy(), ends[:n].copy()
