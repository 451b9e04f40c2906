"""Hot loops of the kernel density; `kernel_density.py` has the readable version."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["densities"]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def densities(  # noqa: PLR0917 - a kernel takes arrays, not objects
    x: NDArray[np.float64],
    variance: NDArray[np.float64],
    left_out: NDArray[np.int64],
    sample: NDArray[np.float64],
    unit: NDArray[np.int64],
    weight: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    broad: NDArray[np.float64],
    subsets: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Joint density (queries, subsets) and marginal densities (queries, features); NaN where a feature is missing."""
    n_queries, n_features = x.shape
    n_sample = sample.shape[0]
    n_subsets = subsets.shape[0]
    joint = np.zeros((n_queries, n_subsets))
    marginal = np.empty((n_queries, n_features))
    centre = np.ascontiguousarray(sample.T)
    kernel, seen, product = np.empty((n_features, n_sample)), np.empty(n_sample), np.empty(n_sample)
    for q in range(n_queries):
        for r in range(n_sample):
            seen[r] = 0.0 if unit[r] == left_out[q] else weight[r]
        mass = seen.sum()
        for j in range(n_features):
            bounds = lower[j], upper[j], broad[j]
            marginal[q, j] = _marginal(kernel[j], x[q, j], variance[q, j], centre[j], seen, bounds)
        for v in range(n_subsets):
            product[:] = seen
            for j in range(n_features):
                if subsets[v, j] and not math.isnan(marginal[q, j]):
                    for r in range(n_sample):
                        product[r] *= kernel[j, r]
            joint[q, v] = product.sum() / mass if mass > 0.0 else 1.0
    return joint, marginal


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _marginal(
    kernel: NDArray[np.float64],
    value: float,
    variance: float,
    centre: NDArray[np.float64],
    weight: NDArray[np.float64],
    bounds: tuple[float, float, float],
) -> float:
    """Density of one feature, NaN where it is missing; fills its kernel, with that density where a point misses it."""
    if math.isnan(value):
        return math.nan
    lower, upper, broad = bounds
    half_precision = 0.5 / variance
    height = math.sqrt(half_precision / math.pi)
    near = 9.0 * math.sqrt(variance)
    mass = 0.0
    total = 0.0
    for r in range(kernel.shape[0]):
        if math.isnan(centre[r]):
            continue
        density = math.exp(-half_precision * (value - centre[r]) ** 2)
        if value + centre[r] - 2.0 * lower < near:
            density += math.exp(-half_precision * (value + centre[r] - 2.0 * lower) ** 2)
        if 2.0 * upper - value - centre[r] < near:
            density += math.exp(-half_precision * (2.0 * upper - value - centre[r]) ** 2)
        kernel[r] = density * height
        mass += weight[r]
        total += weight[r] * kernel[r]
    marginal = (total + broad) / (mass + 1.0) if mass > 0.0 else math.nan
    for r in range(kernel.shape[0]):
        if math.isnan(centre[r]):
            kernel[r] = marginal
    return marginal
