"""Hot loop of the kernel density; `kernel_density.py` has the readable version."""

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
    kernel = np.empty((n_sample, n_features))
    half_precision = np.empty(n_features)
    height = np.empty(n_features)
    for q in range(n_queries):
        for j in range(n_features):
            mass = 0.0
            total = 0.0
            value = x[q, j]
            if math.isnan(value):
                marginal[q, j] = np.nan
                continue
            half_precision[j] = 0.5 / variance[q, j]
            height[j] = math.sqrt(half_precision[j] / math.pi)
            near = 9.0 * math.sqrt(variance[q, j])
            for r in range(n_sample):
                centre = sample[r, j]
                if math.isnan(centre) or unit[r] == left_out[q]:
                    kernel[r, j] = -1.0
                    continue
                density = math.exp(-half_precision[j] * (value - centre) ** 2)
                if value + centre - 2.0 * lower[j] < near:
                    density += math.exp(-half_precision[j] * (value + centre - 2.0 * lower[j]) ** 2)
                if 2.0 * upper[j] - value - centre < near:
                    density += math.exp(-half_precision[j] * (2.0 * upper[j] - value - centre) ** 2)
                density *= height[j]
                kernel[r, j] = density
                mass += weight[r]
                total += weight[r] * density
            marginal[q, j] = (total + broad[j]) / (mass + 1.0) if mass > 0.0 else np.nan
        mass = 0.0
        for r in range(n_sample):
            if unit[r] == left_out[q]:
                continue
            mass += weight[r]
            for v in range(n_subsets):
                product = weight[r]
                for j in range(n_features):
                    if subsets[v, j] and not math.isnan(marginal[q, j]):
                        product *= kernel[r, j] if kernel[r, j] >= 0.0 else marginal[q, j]
                joint[q, v] += product
        for v in range(n_subsets):
            joint[q, v] = joint[q, v] / mass if mass > 0.0 else 1.0
    return joint, marginal
