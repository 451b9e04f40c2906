"""Kernels that hold texts of one account against one another, beside dense arithmetic."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.bench.baselines._kernels_near import (
    kernel_sums_between,
    kernel_sums_within,
    near_pairs,
    nearest_members,
)
from stillwatch.bench.baselines._tf_idf import sparse_rows

N_COLUMNS = 12
GAMMA = 0.7


def rows_of(seed: int, n: int) -> sp.csr_array:
    """Sparse rows of unit length, a few of them equal, some without any entry."""
    rng = np.random.default_rng(seed)
    dense = rng.random((n, N_COLUMNS)) * (rng.random((n, N_COLUMNS)) < 0.3)
    dense[n // 2 :: 3] = dense[:1]
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    return sp.csr_array((dense / np.where(length == 0, 1, length)).astype(np.float32))


def growing_set(cosines: NDArray[np.float32]) -> list[float]:
    """Distance of each row to the nearest member of the growing set, as the authors of PRADA run it."""
    members, joined_at, threshold, found = [0], [0.0], 0.0, [np.nan]
    for row in range(1, len(cosines)):
        distance = min(np.sqrt(max(0.0, 2 - 2 * float(cosines[row, m]))) for m in members)
        found.append(distance)
        if distance > threshold:
            members.append(row)
            joined_at.append(distance)
            threshold = max(threshold, float(np.mean(joined_at) - np.std(joined_at)))
    return found


sizes = st.lists(st.integers(0, 14), min_size=1, max_size=5)


@given(st.integers(0, 10_000), sizes)
def test_sums_within_groups(seed: int, groups: list[int]) -> None:
    """Sums over ordered pairs of different rows equal those of the dense kernel matrix, group by group."""
    matrix, bounds = rows_of(seed, sum(groups)), np.cumsum([0, *groups])
    kernel = np.exp(-GAMMA * (1 - (matrix @ matrix.T).toarray().astype(float)))
    expected = [kernel[a:b, a:b].sum() - np.trace(kernel[a:b, a:b]) for a, b in pairwise(bounds)]
    found = kernel_sums_within(sparse_rows(matrix), bounds, N_COLUMNS, GAMMA)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-4)


@given(st.integers(0, 10_000), st.integers(0, 9), st.integers(0, 9))
def test_sums_to_a_reference(seed: int, n: int, m: int) -> None:
    """Sums over the reference equal those of the dense kernel matrix."""
    rows, reference = rows_of(seed, n), rows_of(seed + 1, m)
    kernel = np.exp(-GAMMA * (1 - (rows @ reference.T).toarray().astype(float)))
    by_column = sparse_rows(reference.T.tocsr())
    found = kernel_sums_between(sparse_rows(rows), sparse_rows(reference), by_column, GAMMA)
    assert found == pytest.approx(kernel.sum(axis=1), rel=1e-5)


@given(st.integers(0, 10_000), sizes)
def test_near_pairs(seed: int, groups: list[int]) -> None:
    """Pairs and matched rows are those of the dense matrix of cosines."""
    matrix, bounds = rows_of(seed, sum(groups)), np.cumsum([0, *groups])
    levels = np.array([0.5, 0.9])
    found = near_pairs(sparse_rows(matrix), bounds, N_COLUMNS, levels)
    cosines = (matrix @ matrix.T).toarray()
    for group, (a, b) in enumerate(pairwise(bounds)):
        for i, level in enumerate(levels):
            near = np.tril(cosines[a:b, a:b] >= level, -1)
            assert found[group, i].tolist() == [near.sum(), near.any(axis=1).sum()]


@given(st.integers(0, 10_000), sizes)
def test_growing_set(seed: int, groups: list[int]) -> None:
    """Distances to the growing set follow the rule of the paper; a new account starts a new set."""
    matrix, bounds = rows_of(seed, sum(groups)), np.cumsum([0, *groups])
    found = nearest_members(sparse_rows(matrix), bounds, N_COLUMNS)
    cosines = (matrix @ matrix.T).toarray()
    for a, b in pairwise(bounds):
        if b > a:
            assert found[a:b] == pytest.approx(growing_set(cosines[a:b, a:b]), abs=2e-3, nan_ok=True)
