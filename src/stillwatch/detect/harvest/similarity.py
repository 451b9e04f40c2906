"""How alike exchanges of one group are, compared with exchanges of the family: an intraclass correlation of vectors."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.harvest._kernels_ratio import pair_sums
from stillwatch.detect.harvest.ratio import NOT_JUDGED, judged_ratio

__all__ = ["MOST_PER_GROUP", "Moments", "similarity"]

MOST_PER_GROUP: Final = 30
"""Exchanges read of one group, chosen by hash: a heavy account counts as thirty exchanges and not as the family."""

Moments = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], float, float]
"""By group: count, square of the sum and sum of squares of centred vectors; mean square; mean squared product."""


def similarity(moments: Moments) -> tuple[float, float]:
    """Mean of the r_a = (|sum e|^2 - sum |e|^2) / (n_a (n_a - 1) v), weighted by n_a - 1, and its error over groups.

    Two vectors of a family centred on its own mean have expected product -v / (N - 1), whoever sent them, so
    1 / (N - 1) is added: when groups are dealt out at random the expectation is exactly 0.
    The error is the larger of the sandwich over groups and the one that dealing out at random would give.
    Groups with a single exchange say nothing; with fewer than `MIN_ACCOUNTS` others, NaN.

    >>> nobody = np.zeros(0)
    >>> similarity((nobody.astype(np.int64), nobody, nobody, 0.0, 0.0))
    (nan, nan)
    """
    counts, joint, own, mean_square, product_square = moments
    if mean_square <= 1e-9 or counts.max() < 2:
        return NOT_JUDGED
    sums, weights, spread = pair_sums(counts, joint, own, mean_square)
    variance = 2 * product_square / mean_square**2 * spread
    value, error = judged_ratio(sums, weights, variance)
    return value + 1 / (int(counts.sum()) - 1), error
