"""How near each text of an account is to the account's others: nothing of the size texts x texts is ever stored.

Texts are sparse rows of unit length and nothing is negative, so a dot product is a cosine in [0, 1]. Those that came
before stand in lists by word, newest first, so that a text meets only texts that share a word with it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, part

__all__ = ["SparseRows", "kernel_sums_between", "kernel_sums_within", "near_pairs", "nearest_members"]


class SparseRows(NamedTuple):
    """Sparse rows: where each begins (int64), columns (int32) and values (float32)."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


class _Earlier(NamedTuple):
    """Lists of rows by column.

    head    Newest entry of a column, -1 when there is none, int32[columns].
    older   Next entry of the same column, int32[entries].
    row     Row of an entry, int32[entries].
    dot     Dot product of the row at hand with each earlier one, float32[rows].
    """

    head: NDArray[np.int32]
    older: NDArray[np.int32]
    row: NDArray[np.int32]
    dot: NDArray[np.float32]


@kernel
def _room(rows: SparseRows, n_columns: int) -> _Earlier:
    n_entries, n_rows = len(rows.columns), len(rows.starts) - 1
    return _Earlier(
        np.full(n_columns, -1, np.int32),
        np.empty(n_entries, np.int32),
        np.empty(n_entries, np.int32),
        np.zeros(n_rows, np.float32),
    )


@part
def _dots(rows: SparseRows, row: Int, first: Int, earlier: _Earlier) -> None:
    """Fill `dot` from `first` to `row` with the products of `row` and the rows that are listed."""
    for other in range(first, row):
        earlier.dot[other] = 0
    for e in range(rows.starts[row], rows.starts[row + 1]):
        value, at = rows.values[e], earlier.head[rows.columns[e]]
        while at >= 0:
            earlier.dot[earlier.row[at]] += value * rows.values[at]
            at = earlier.older[at]


@part
def _add(rows: SparseRows, row: Int, earlier: _Earlier) -> None:
    for e in range(rows.starts[row], rows.starts[row + 1]):
        earlier.older[e] = earlier.head[rows.columns[e]]
        earlier.head[rows.columns[e]] = e
        earlier.row[e] = row


@part
def _forget(rows: SparseRows, first: Int, stop: Int, earlier: _Earlier) -> None:
    for e in range(rows.starts[first], rows.starts[stop]):
        earlier.head[rows.columns[e]] = -1


@kernel
def kernel_sums_within(
    rows: SparseRows, bounds: NDArray[np.int64], n_columns: int, gamma: float
) -> NDArray[np.float64]:
    """Sum of exp(-gamma (1 - cosine)) over ordered pairs of different rows, for each group of rows."""
    earlier = _room(rows, n_columns)
    sums = np.zeros(len(bounds) - 1)
    for group in range(len(bounds) - 1):
        for row in range(bounds[group], bounds[group + 1]):
            _dots(rows, row, bounds[group], earlier)
            for other in range(bounds[group], row):
                sums[group] += 2 * np.exp(-gamma * (1.0 - earlier.dot[other]))
            _add(rows, row, earlier)
        _forget(rows, bounds[group], bounds[group + 1], earlier)
    return sums


@kernel
def kernel_sums_between(
    rows: SparseRows, reference: SparseRows, by_column: SparseRows, gamma: float
) -> NDArray[np.float64]:
    """Sum of exp(-gamma (1 - cosine)) over the rows of a reference, for each row; `by_column` is its transpose."""
    n_rows, n_reference = len(rows.starts) - 1, len(reference.starts) - 1
    dot, sums = np.empty(n_reference, np.float32), np.zeros(n_rows)
    for row in range(n_rows):
        dot[:] = 0
        for e in range(rows.starts[row], rows.starts[row + 1]):
            value, column = rows.values[e], rows.columns[e]
            for at in range(by_column.starts[column], by_column.starts[column + 1]):
                dot[by_column.columns[at]] += value * by_column.values[at]
        for other in range(n_reference):
            sums[row] += np.exp(-gamma * (1.0 - dot[other]))
    return sums


@kernel
def near_pairs(
    rows: SparseRows, bounds: NDArray[np.int64], n_columns: int, cosines: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Pairs of rows at least so near, and rows that have such an earlier row: int64[groups, cosines, 2]."""
    earlier = _room(rows, n_columns)
    found = np.zeros((len(bounds) - 1, len(cosines), 2), np.int64)
    for group in range(len(bounds) - 1):
        for row in range(bounds[group], bounds[group + 1]):
            _dots(rows, row, bounds[group], earlier)
            for i in range(len(cosines)):
                n = 0
                for other in range(bounds[group], row):
                    n += earlier.dot[other] >= cosines[i]
                found[group, i, 0] += n
                found[group, i, 1] += n > 0
            _add(rows, row, earlier)
        _forget(rows, bounds[group], bounds[group + 1], earlier)
    return found


@kernel
def nearest_members(rows: SparseRows, bounds: NDArray[np.int64], n_columns: int) -> NDArray[np.float64]:
    """Euclidean distance of each row to the nearest member of its group's growing set; NaN for the first.

    A row joins when that distance is over a threshold, which is the largest so far of mean - standard deviation of
    the distances at which members joined, the first at 0.
    """
    earlier = _room(rows, n_columns)
    distance = np.full(len(rows.starts) - 1, np.nan)
    members = np.empty(len(rows.starts) - 1, np.int64)
    for group in range(len(bounds) - 1):
        n, total, squares, threshold = 0, 0.0, 0.0, 0.0
        for row in range(bounds[group], bounds[group + 1]):
            joins = n == 0
            if n > 0:
                _dots(rows, row, bounds[group], earlier)
                nearest = np.float32(0)
                for i in range(n):
                    dot = earlier.dot[members[i]]
                    nearest = max(nearest, dot)
                distance[row] = np.sqrt(max(0.0, float(2.0 - 2.0 * nearest)))
                joins = distance[row] > threshold
            if joins:
                joined_at = float(distance[row]) if n else 0.0
                members[n] = row
                n += 1
                total += joined_at
                squares += joined_at * joined_at
                mean = total / n
                variance = max(0.0, float(squares / n - mean * mean))
                threshold = max(threshold, mean - np.sqrt(variance))
                _add(rows, row, earlier)
        _forget(rows, bounds[group], bounds[group + 1], earlier)
    return distance
