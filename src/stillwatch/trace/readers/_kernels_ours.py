"""Secret numbers of the tokens of a text, compiled; `prf.uniforms` of each context alone is the twin."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import Int, number, seed

__all__ = ["numbers"]

U64 = np.uint64


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def numbers(low: Int, high: Int, tokens: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Number of each token from the `width`-th on, after the tokens before it."""
    count = max(tokens.shape[0] - width, 0)
    found = np.empty(count, np.float64)
    for i in range(count):
        of_context = seed(low, high, tokens, i + width, width)
        found[i] = (np.float64(number(of_context, tokens[i + width]) >> U64(12)) + 0.5) * 2.0**-52
    return found
