"""Kernel density of several features at once, with missing values, bounds, and errors of each query's own."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.stats._kernels_density import densities

__all__ = ["Bounds", "Densities", "KernelSample", "kernel_densities", "kernel_densities_plain", "normal_kernel"]

NO_UNIT = -1
"""Unit of a query that is not part of the sample."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where each feature can lie: kernels are reflected at its ends, so that no mass leaks out.

    lower, upper    Ends, -inf or inf where there is none. Shape J.
    broad           A density a value nobody has shown may have; it counts as one more unit of the sample. Shape J.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    broad: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KernelSample:
    """Points a density is estimated from; points of one unit share one vote.

    value   NaN is missing. Shape (R, J).
    unit    Unit of each point, 0 or above. Shape R.
    likeness    Weight of each point beside its unit's; None is 1 for all. Shape R.
    """

    value: NDArray[np.float64]
    unit: NDArray[np.int64]
    bounds: Bounds
    likeness: NDArray[np.float64] | None = None
    weight: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Give every point its share of its unit's vote."""
        if self.unit.shape != self.value.shape[:1] or (self.unit < 0).any():
            message = (
                f"unit must be 0 or above, one for each of {self.value.shape[0]} points, got shape {self.unit.shape}"
            )
            raise InvalidInput(message)
        _, code, size = np.unique(self.unit, return_inverse=True, return_counts=True)
        likeness = 1.0 if self.likeness is None else self.likeness
        object.__setattr__(self, "weight", likeness / size[code])


@dataclass(frozen=True, slots=True)
class Densities:
    """Densities at the queries.

    joint       Over the known features of each subset, 1 when none is known. Shape (F, V).
    marginal    Of each feature by itself; NaN when the query or the whole sample misses it. Shape (F, J).
    """

    joint: NDArray[np.float64]
    marginal: NDArray[np.float64]


def normal_kernel(
    x: NDArray[np.float64], centre: NDArray[np.float64], variance: NDArray[np.float64], lower: float, upper: float
) -> NDArray[np.float64]:
    """Normal density around `centre`, reflected at the ends of [lower, upper].

    References  Silverman (1986), Density Estimation, section 2.10.

    >>> at, wide = np.zeros(1), np.ones(1)
    >>> free = normal_kernel(at, at, wide, -np.inf, np.inf)
    >>> bool((normal_kernel(at, at, wide, 0.0, np.inf) == 2 * free).all())
    True
    """
    images = [centre]
    images += [2 * lower - centre] if np.isfinite(lower) else []
    images += [2 * upper - centre] if np.isfinite(upper) else []
    heights = [np.exp(-((x - image) ** 2) / (2 * variance)) for image in images]
    return np.asarray(np.sum(heights, axis=0) / np.sqrt(2 * np.pi * variance))


def kernel_densities(
    x: NDArray[np.float64],
    variance: NDArray[np.float64],
    sample: KernelSample,
    subsets: NDArray[np.bool_],
    *,
    left_out: NDArray[np.int64] | None = None,
) -> Densities:
    """Joint densities over subsets of features, and marginal densities, at each query.

    A feature the query misses is left out. A point of the sample that misses a feature contributes the feature's
    marginal density. A feature no point has is treated as missing in the query.

    x           Queries; NaN is missing. Shape (F, J).
    variance    Kernel variance of each query and feature, above 0 where x is known. Shape (F, J).
    subsets     Features of each joint density. Shape (V, J).
    left_out    Unit whose points a query must not see, -1 none. Shape F; None leaves none out.

    >>> bounds = Bounds(np.array([-np.inf]), np.array([np.inf]), np.array([0.0]))
    >>> sample = KernelSample(np.array([[0.0]]), np.array([0]), bounds)
    >>> round(float(kernel_densities(np.zeros((1, 1)), np.ones((1, 1)), sample, np.ones((1, 1), bool)).joint[0, 0]), 4)
    0.3989
    """
    units = np.full(x.shape[0], NO_UNIT, dtype=np.int64) if left_out is None else left_out
    bounds = sample.bounds
    joint, marginal = densities(
        x, variance, units, sample.value, sample.unit, sample.weight, bounds.lower, bounds.upper, bounds.broad, subsets
    )
    return Densities(joint, marginal)


def kernel_densities_plain(
    x: NDArray[np.float64],
    variance: NDArray[np.float64],
    sample: KernelSample,
    subset: NDArray[np.bool_],
    left_out: int,
) -> tuple[float, NDArray[np.float64]]:
    """Joint density of one subset and marginals at one query (J): the readable twin of `kernel_densities`."""
    kept = sample.unit != left_out
    value, weight = sample.value[kept], sample.weight[kept]
    bounds = sample.bounds
    marginal = np.full(x.size, np.nan)
    product = weight.copy()
    for j in np.flatnonzero(~np.isnan(x)):
        known = ~np.isnan(value[:, j])
        if not known.any():
            continue
        spread = np.full(value.shape[0], variance[j])
        kernel = normal_kernel(x[j], value[:, j], spread, bounds.lower[j], bounds.upper[j])
        marginal[j] = (weight[known] @ kernel[known] + bounds.broad[j]) / (weight[known].sum() + 1)
        if subset[j]:
            product *= np.where(known, kernel, marginal[j])
    return float(product.sum() / weight.sum()), marginal
