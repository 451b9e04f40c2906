"""Shingles of texts: five tokens in a row as a keyed hash, one in four of them kept, the same ones in every text."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of
from stillwatch.sketch.twins import multiply_fold, tokens
from stillwatch.trace.mark.prf import seed_twin
from stillwatch.trace.served._kernels_shingles import SHINGLE_TOKENS, distinct_rows, placed_rows
from stillwatch.trace.served.secret import IndexSecret

__all__ = ["KEPT_SHARE", "SHINGLE_TOKENS", "Placed", "distinct_shingles", "placed_shingles", "shingles_twin"]

KEPT_SHARE: Final = 0.25
"""Of all shingles; which ones, the secret decides, so that nobody knows which phrases to rewrite."""
_THRESHOLD: Final = int(KEPT_SHARE * 2**64) - 1
_MASK: Final = 2**64 - 1
_FACTORS: Final = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)


class Placed(NamedTuple):
    """Shingles of several texts in their order.

    values     Keyed hashes, uint64.
    places     Token that each begins at, int32.
    offsets    Where each text's begin, and the end of the last, int64[texts + 1].
    """

    values: NDArray[np.uint64]
    places: NDArray[np.int32]
    offsets: NDArray[np.int64]


def placed_shingles(texts: pa.Array | pa.ChunkedArray, secret: IndexSecret) -> Placed:
    """Shingles that are kept, with their places; a null text has none.

    >>> texts = pa.array(["a b c d e f g h i j k l m n o p q r s t u v w x y z", None])
    >>> placed_shingles(texts, IndexSecret(bytes(16))).offsets.tolist()[1:] == [len(shingles_twin(
    ...     "a b c d e f g h i j k l m n o p q r s t u v w x y z", IndexSecret(bytes(16))))] * 2
    True
    """
    return Placed(*placed_rows(strings_of(texts), fold_tables(), _words(secret), np.uint64(_THRESHOLD)))


def distinct_shingles(
    texts: pa.Array | pa.ChunkedArray, secret: IndexSecret
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Distinct shingles that are kept, ascending in each text, and where each text's begin (int64[texts + 1])."""
    values, offsets = distinct_rows(strings_of(texts), fold_tables(), _words(secret), np.uint64(_THRESHOLD))
    return values, offsets


def shingles_twin(text: str, secret: IndexSecret) -> list[tuple[int, int]]:
    """What `placed_shingles` finds in one text, in plain Python."""
    hashes = [value for value, _, _ in tokens(text)]
    found = []
    for at in range(len(hashes) - SHINGLE_TOKENS + 1):
        plain = sum(word * factor for word, factor in zip(hashes[at:], _FACTORS, strict=False)) & _MASK
        plain = (plain ^ plain >> 32) * 0xFF51AFD7ED558CCD & _MASK
        plain ^= plain >> 29
        if multiply_fold(plain ^ secret.choice[0], secret.choice[1]) <= _THRESHOLD:
            found.append((max(seed_twin(secret.words, [plain & 0xFFFFFFFF, plain >> 32]), 1), at))
    return found


def _words(secret: IndexSecret) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    low, high, first, second = (*secret.words, *secret.choice)
    return np.uint64(low), np.uint64(high), np.uint64(first), np.uint64(second)
