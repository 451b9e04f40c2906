"""Look keys up in sorted arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["among", "positions"]


def positions(sorted_keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Row of each wanted key in ascending `sorted_keys`, -1 where there is none.

    >>> positions(np.array([2, 5, 9]), np.array([9, 3])).tolist()
    [2, -1]
    """
    if not len(sorted_keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)


def among(sorted_keys: NDArray[Any], keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each key is one of ascending `sorted_keys`.

    >>> among(np.array([2, 5, 9]), np.array([9, 3])).tolist()
    [True, False]
    """
    return np.asarray(positions(sorted_keys, keys) >= 0)
