"""Probability on green tokens, compiled; the readable twin is `stillwatch.trace.experiments.exam.masses_twin`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import number, seed

__all__ = ["masses"]

U64 = np.uint64


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def masses(  # noqa: PLR0917  numba knows no keyword-only arguments
    words: NDArray[np.uint64],
    text: NDArray[np.int64],
    at: NDArray[np.int64],
    width: int,
    tokens: NDArray[np.int64],
    chances: NDArray[np.float64],
    gamma: float,
) -> NDArray[np.float64]:
    """Sum of the probabilities of green tokens by key, shape (keys,)."""
    found = np.zeros(words.shape[0])
    for k in range(words.shape[0]):
        total = 0.0
        for i in range(at.shape[0]):
            of_seed = seed(words[k, 0], words[k, 1], text, at[i], width)
            for j in range(tokens.shape[1]):
                if chances[i, j] > 0.0:
                    u = (np.float64(number(of_seed, tokens[i, j]) >> U64(12)) + 0.5) * 2.0**-52
                    if u < gamma:
                        total += chances[i, j]
        found[k] = total
    return found
