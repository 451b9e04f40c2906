"""TF-IDF over hashed words, as unit rows of a sparse matrix."""

from typing import Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from stillwatch.bench.baselines._kernels_near import SparseRows
from stillwatch.bench.baselines._kernels_words import hashed_words
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of

__all__ = ["N_COLUMNS", "TfIdf", "sparse_rows"]

_BITS: Final = 18
N_COLUMNS: Final = 1 << _BITS
"""Columns that words are hashed to; with 50,000 different words one in ten shares its column."""

_MAX_WORDS: Final = 2_048  # of a text; longer ones are cut, or a few documents would take most of the time


class TfIdf:
    """Weights learnt from texts: (1 + log count) x (1 + log((1 + texts) / (1 + texts with the word))), unit rows.

    References  Salton and Buckley (1988), Information Processing & Management 24, 513-523; smoothing as scikit-learn;
                Weinberger et al. (2009), ICML (hashed columns, here unsigned so that no cosine is negative).

    >>> rows = TfIdf(pa.array(["a b", "a c"])).rows(pa.array(["A b!", "b a", "c"]))
    >>> (rows @ rows.T).toarray().round(3)[:, 0].tolist()
    [1.0, 1.0, 0.0]
    """

    def __init__(self, texts: pa.Array | pa.ChunkedArray) -> None:
        counts = _counts(texts)
        holders = np.bincount(counts.indices, minlength=N_COLUMNS)
        self._weight = (1 + np.log((1 + len(texts)) / (1 + holders))).astype(np.float32)

    def rows(self, texts: pa.Array | pa.ChunkedArray) -> sp.csr_array:
        """Unit rows, float32, shape (texts, N_COLUMNS); a text without a word is a row of zeros."""
        matrix = _counts(texts)
        matrix.data = (1 + np.log(matrix.data)) * self._weight[matrix.indices]
        n_entries = np.diff(matrix.indptr)
        length = np.sqrt(np.bincount(np.repeat(np.arange(len(texts)), n_entries), matrix.data**2, len(texts)))
        matrix.data = (matrix.data / np.repeat(length, n_entries)).astype(np.float32)
        return matrix


def sparse_rows(matrix: sp.csr_array) -> SparseRows:
    """Rows of a matrix as kernels read them."""
    return SparseRows(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), np.asarray(matrix.data, np.float32)
    )


def _counts(texts: pa.Array | pa.ChunkedArray) -> sp.csr_array:
    starts, columns, counts = hashed_words(strings_of(texts), fold_tables(), 64 - _BITS, _MAX_WORDS)
    return sp.csr_array((counts, columns, starts), shape=(len(texts), N_COLUMNS))
