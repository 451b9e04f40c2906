"""Array types of this room, and drawing shares that add up exactly."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["BoolArray", "FloatArray", "IntArray", "family_sizes", "split"]

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def split(rng: np.random.Generator, total: int, weights: FloatArray) -> IntArray:
    """Whole counts that add up to `total`, at least one each, in proportion to `weights` on average.

    total    At least ``len(weights)``.

    >>> split(np.random.default_rng(0), 10, np.array([1.0, 1.0, 4.0])).sum()
    np.int64(10)
    """
    share = weights / weights.sum()
    return 1 + rng.multinomial(max(0, total - len(weights)), share).astype(np.int64)


def family_sizes(rng: np.random.Generator, total: int, mean: float, fewest: int = 3) -> IntArray:
    """Sizes of the families that share `total` exchanges: log-normal, about `mean` each, `fewest` families at least.

    >>> sizes = family_sizes(np.random.default_rng(0), 9000, 300.0)
    >>> int(sizes.sum()), len(sizes)
    (9000, 30)
    """
    if total <= 0:
        return np.zeros(0, np.int64)
    n_families = min(max(fewest, round(total / mean)), max(1, total // 40))
    return split(rng, total, rng.lognormal(0.0, 0.7, n_families))
