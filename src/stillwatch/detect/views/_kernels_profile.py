"""Hot loops of the profile view; the twin is in `tests/detect/views/test_profiles.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["lead", "nearest"]

Float = NDArray[np.float64]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def nearest(mean: Float, noise: float, means: Float, noises: Float, n: int, slack: float) -> int:
    """Of the first `n` groups the one that is closest in units of noise, -1 when none is within the slack.

    noise, noises   Expected squared distance of a mean from the truth: of this account, of each group.
    slack           How much larger than expected the squared distance may be, as a share of the noise.
    """
    best, found = 1.0 + slack, -1
    for j in range(n):
        both = noise + noises[j]
        limit = best * both
        distance = 0.0
        for f in range(mean.shape[0]):
            distance += (mean[f] - means[j, f]) ** 2
            if distance >= limit:
                break
        if distance < limit:
            best, found = distance / both, j
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def lead(n: Float, sums: Float, spread: Float, most: int, slack: float, alike: float) -> NDArray[np.int64]:
    """Group of each account, accounts in the given order: the closest group so far, else a new one, -1 when too many.

    n, sums, spread     Exchanges of each account, sums of their features, and their variance, all features together.
    most                Groups at most.
    alike               Squared distance that makes no difference, as a share of the variance.
    """
    k, width = sums.shape
    group = np.full(k, -1, np.int64)
    total, means = np.zeros((most, width)), np.zeros((most, width))
    count, varied, noises = np.zeros(most), np.zeros(most), np.zeros(most)
    n_groups = 0
    for i in range(k):
        j = nearest(sums[i] / n[i], spread[i] * (1.0 / n[i] + alike), means, noises, n_groups, slack)
        if j < 0:
            if n_groups == most:
                continue
            j = n_groups
            n_groups += 1
        group[i] = j
        total[j] += sums[i]
        count[j] += n[i]
        varied[j] += spread[i] * n[i]
        means[j] = total[j] / count[j]
        noises[j] = varied[j] / count[j] / count[j]
    return group
