"""TF-IDF over hashed words."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.bench.baselines._tf_idf import N_COLUMNS, TfIdf
from stillwatch.sketch.tokens import tokens_of

TEXTS = ["the cat sat on the mat", "the dog sat", "a résumé, a resume, 12 words", "", "猫と犬"]


def test_rows_are_the_formula() -> None:
    """Each row is (1 + log count) x smoothed inverse document frequency, divided by its length."""
    counts = [Counter(int(t) >> 46 for t in tokens_of(text)[0]) for text in TEXTS]
    dense = np.zeros((len(TEXTS), N_COLUMNS))
    for row, words in enumerate(counts):
        for column, n in words.items():
            holders = sum(column in other for other in counts)
            dense[row, column] = (1 + np.log(n)) * (1 + np.log((1 + len(TEXTS)) / (1 + holders)))
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    expected = dense / np.where(length == 0, 1, length)
    found = TfIdf(pa.array(TEXTS)).rows(pa.array(TEXTS)).toarray()
    assert np.abs(found - expected).max() < 1e-6


def test_columns_ascend_and_rows_without_words_are_empty() -> None:
    """The matrix is canonical, so that products need no sorting; a null counts as a text without words."""
    matrix = TfIdf(pa.array(TEXTS)).rows(pa.chunked_array([TEXTS[:2], [None, "mat cat mat"]]))
    assert matrix.has_canonical_format
    assert np.diff(matrix.indptr).tolist() == [5, 3, 0, 2]


def test_many_words_do_not_overflow() -> None:
    """Counts grow past the room they start with; what is beyond the cap of a text is cut."""
    long = " ".join("".join(chr(97 + int(d)) for d in str(i)) for i in range(5_000))
    matrix = TfIdf(pa.array([long])).rows(pa.array([long, long]))
    assert matrix.nnz == pytest.approx(2 * 2_048, rel=0.01)
    assert (matrix @ matrix.T).toarray() == pytest.approx(np.ones((2, 2)), abs=1e-4)
