"""Whose turn it is at each context, compiled; the readable twin is in `tests/trace/mark/test_slots.py`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import Int, number, seed

__all__ = ["slots_at", "uniforms_of_range"]

U64 = np.uint64
_TURN, _PLACE = 2**32, 2**32 + 1


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def slots_at(
    words: NDArray[np.uint64],
    tokens: NDArray[np.int64],
    places: NDArray[np.int64],
    width: int,
    shares: NDArray[np.float64],
    n_symbols: int,
) -> NDArray[np.int64]:
    """For each place: -2 the account's key, -1 the global one, else the symbol's place in the code word.

    words   Of the global key, shape (2,).
    shares  Global share and symbol share.
    """
    found = np.empty(places.shape[0], np.int64)
    for i in range(places.shape[0]):
        of_context = seed(words[0], words[1], tokens, places[i], width)
        turn = (np.float64(number(of_context, _TURN) >> U64(12)) + 0.5) * 2.0**-52
        if turn < shares[0]:
            found[i] = -1
        elif turn < shares[0] + shares[1]:
            found[i] = np.int64((number(of_context, _PLACE) >> U64(32)) % U64(n_symbols))
        else:
            found[i] = -2
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def uniforms_of_range(of_seed: Int, first: int, count: int) -> NDArray[np.float64]:
    """Numbers in (0, 1) of `count` places of a seed's stream, from the place `first` on."""
    found = np.empty(count, np.float64)
    for i in range(count):
        found[i] = (np.float64(number(of_seed, first + i) >> U64(12)) + 0.5) * 2.0**-52
    return found
