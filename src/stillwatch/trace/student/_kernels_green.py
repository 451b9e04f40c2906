"""Green probability under many keys, compiled; the twin is in `tests/trace/student/test_open_weights.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import number, seed

__all__ = ["green_mass"]

U64 = np.uint64


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def green_mass(
    words: NDArray[np.uint64],
    contexts: NDArray[np.int64],
    tokens: NDArray[np.int64],
    weights: NDArray[np.float64],
    gamma: float,
) -> NDArray[np.float64]:
    """Sum over contexts of the probability on green tokens, for each key.

    words       Shape (keys, 2).
    contexts    Shape (contexts, width).
    tokens, weights     Likely tokens after each context and their probabilities, shape (contexts, tokens).
    """
    found = np.zeros(words.shape[0])
    width = contexts.shape[1]
    for k in range(words.shape[0]):
        total = 0.0
        for i in range(contexts.shape[0]):
            of_context = seed(words[k, 0], words[k, 1], contexts[i], width, width)
            for j in range(tokens.shape[1]):
                if (np.float64(number(of_context, tokens[i, j]) >> U64(12)) + 0.5) * 2.0**-52 < gamma:
                    total += weights[i, j]
        found[k] = total
    return found
