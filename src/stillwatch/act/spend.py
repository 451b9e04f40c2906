"""Spend bands: what accounts pay in a window, told apart no finer than anybody needs."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["spend_bands"]

_ENDS: Final = (0.5, 0.8, 0.95)
"""Where bands 2, 3 and 4 begin, as shares of the accounts whose spending is known."""


def spend_bands(cost_usd: NDArray[Any]) -> NDArray[np.int8]:
    """Band of each account: 0 nothing known, 1 the lower half, 2 and 3 above, 4 the top twentieth of those known.

    Equal spending is one band, the lower.

    cost_usd    NaN where nothing is known.

    >>> spend_bands(np.array([float("nan"), *range(1, 21)]))[[0, 1, 10, 11, 20]].tolist()
    [0, 1, 1, 2, 4]
    """
    known = np.sort(cost_usd[np.isfinite(cost_usd)])
    if not len(known):
        return np.zeros(len(cost_usd), np.int8)
    ends = known[[max(0, int(np.ceil(share * len(known))) - 1) for share in _ENDS]]
    bands = 1 + np.searchsorted(ends, cost_usd, side="left")
    return np.where(np.isfinite(cost_usd), bands, 0).astype(np.int8)
