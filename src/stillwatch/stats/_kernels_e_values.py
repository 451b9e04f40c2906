"""Hot loop of means of e-values; `e_values.mean_bits_by_row` says what it finds."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["means_by_row"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def means_by_row(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log2 of the mean of 2^bits, row by row, from the largest of the row on so that nothing overflows."""
    n_rows, n_columns = bits.shape
    found = np.empty(n_rows)
    for i in range(n_rows):
        largest = -np.inf
        for j in range(n_columns):
            largest = max(largest, bits[i, j])
        from_here = largest if np.isfinite(largest) else 0.0
        total = 0.0
        for j in range(n_columns):
            total += np.exp2(bits[i, j] - from_here)
        found[i] = from_here + np.log2(total / n_columns)
    return found
