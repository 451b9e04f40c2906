"""Hot loops of the permutation test; `two_sample.py` says what they compute, its tests hold plain twins."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["CUTS", "LEVELS", "marked_rows", "sums_over_sets"]

U64 = np.uint64
GOLDEN, FIRST, SECOND = U64(0x9E3779B97F4A7C15), U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)
BITS_30, BITS_27, BITS_31 = U64(30), U64(27), U64(31)

CUTS = (0.0, 2.0, 4.5, 8.0)
"""Nats that a set's excess must pass before it adds to a sum."""

LEVELS = len(CUTS) + 1
"""Statistics by stratum: a sum for each cut, and the largest."""

_CUT_1, _CUT_2, _CUT_3 = (np.float32(cut) for cut in CUTS[1:])
_ZERO = np.float32(0)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def marked_rows(n_rows: int, n_marked: int, n_columns: int, seed: np.uint64) -> NDArray[np.uint8]:
    """Ones at `n_marked` rows of every column, any choice as likely as any other (Fisher and Yates, splitmix64)."""
    labels = np.zeros((n_rows, n_columns), np.uint8)
    order = np.arange(n_rows)
    state = seed
    for column in range(n_columns):
        for i in range(n_marked):
            state += GOLDEN
            value = (state ^ (state >> BITS_30)) * FIRST
            value = (value ^ (value >> BITS_27)) * SECOND
            value ^= value >> BITS_31
            j = i + np.int64(value % U64(n_rows - i))
            order[i], order[j] = order[j], order[i]
            labels[order[i], column] = 1
    return labels


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sums_over_sets(  # noqa: PLR0917 - a kernel takes arrays, not objects
    starts: NDArray[np.int64],
    rows: NDArray[np.int32],
    strata: NDArray[np.int64],
    labels: NDArray[np.uint8],
    places: NDArray[np.int64],
    nats: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add the excess of every set to its stratum, column by column: float32[strata, LEVELS, columns].

    Three places a set: its excess at a count of k is ``nats[first + k - least]``, and `last` is the greatest
    ``k - least`` there is; the ends stand for what lies beyond them.
    """
    n_columns = labels.shape[1]
    counts = np.zeros(n_columns, np.int32)
    narrow = np.zeros(n_columns, np.uint8)
    for s in range(len(starts) - 1):
        counts[:] = 0
        for begin in range(starts[s], starts[s + 1], 255):  # bytes add four times as fast, and hold 255 ones
            narrow[:] = 0
            for at in range(begin, min(begin + 255, starts[s + 1])):
                row = rows[at]
                for column in range(n_columns):
                    narrow[column] += labels[row, column]
            for column in range(n_columns):
                counts[column] += narrow[column]
        first, least, last, stratum = places[s, 0], places[s, 1], places[s, 2], strata[s]
        for column in range(n_columns):
            value = nats[first + min(max(counts[column] - least, 0), last)]
            if value > _ZERO:
                out[stratum, 0, column] += value
                out[stratum, 1, column] += max(value - _CUT_1, _ZERO)
                out[stratum, 2, column] += max(value - _CUT_2, _ZERO)
                out[stratum, 3, column] += max(value - _CUT_3, _ZERO)
                out[stratum, 4, column] = max(out[stratum, 4, column], value)
