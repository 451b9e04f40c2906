"""Values as small numbers."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.stats._kernels_codes import codes_and_firsts

__all__ = ["in_order"]


def in_order(values: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Code of each value, numbered in order of first appearance, and the row in which each code comes first.

    >>> codes, firsts = in_order(np.array([7, 7, 3, 7, 5], np.uint64))
    >>> codes.tolist(), firsts.tolist()
    ([0, 0, 1, 0, 2], [0, 2, 4])
    """
    contiguous = np.ascontiguousarray(values)
    codes, firsts = codes_and_firsts(contiguous, contiguous)
    return codes, firsts
