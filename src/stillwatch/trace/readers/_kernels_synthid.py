"""SynthID-Text's hash as transformers computes it, compiled; the twin is in `tests/trace/readers/test_synthid.py`."""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["states", "weighted_bits"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U64 = np.uint64
_MULTIPLIER = U64(6364136223846793005)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def states(tokens: NDArray[np.int64], length: int) -> NDArray[np.uint64]:
    """Hash of each run of `length` tokens, its last token with it; no key is in it."""
    count = max(tokens.shape[0] - length + 1, 0)
    found = np.empty(count, np.uint64)
    for i in range(count):
        state = U64(1)
        for k in range(length):
            state = (state + U64(tokens[i + k])) * _MULTIPLIER + U64(1)
        found[i] = state
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def weighted_bits(
    of_states: NDArray[np.uint64], keys: NDArray[np.uint64], weights: NDArray[np.int64], table: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Sum of the weights of the depths at which a state's bit is 1."""
    found = np.zeros(of_states.shape[0], np.int64)
    mask = U64(table.shape[0] - 1)
    for i in range(of_states.shape[0]):
        for depth in range(keys.shape[0]):
            cell = ((of_states[i] + keys[depth]) * _MULTIPLIER + U64(1)) & mask
            found[i] += weights[depth] * table[cell]
    return found
