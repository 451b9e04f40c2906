"""Fourier transform of a weighted binomial sum, compiled; its oracle: `tests/trace/readers/test_tails.py`."""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["spectrum"]

Complex: TypeAlias = Any
"""A complex number inside kernels."""

_NOTHING = 1e-60


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _power(base: Complex, exponent: int) -> Complex:
    found = 1.0 + 0.0j
    while exponent:
        if exponent & 1:
            found *= base
        base *= base
        exponent >>= 1
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def spectrum(
    size: int, counts: NDArray[np.int64], weights: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """First half of the transform, over `size` places, of a sum of weights times binomial variables.

    A place whose product has fallen below 1e-60 is taken for 0.
    """
    turns = np.exp(-2j * np.pi * np.arange(size) / size)
    found = np.empty(size // 2 + 1, np.complex128)
    for k in range(size // 2 + 1):
        product = 1.0 + 0.0j
        for i in range(weights.shape[0]):
            product *= _power(1.0 - shares[i] + shares[i] * turns[(k * weights[i]) % size], counts[i])
            if abs(product) < _NOTHING:
                product = 0.0j
                break
        found[k] = product
    return found
