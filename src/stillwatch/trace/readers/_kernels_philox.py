"""Philox4x32-10 as vLLM seeds its marks with it, compiled; the twin is in `tests/trace/readers/test_vllm_gumbel.py`.

References: Salmon, Moraes, Dror and Shaw (2011), SC '11 (Philox); vLLM 0.33, vllm/v1/watermarking/prfs/philox.py.
"""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["row", "words"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U64 = np.uint64
_LOW = U64(0xFFFFFFFF)
_M0, _M1 = U64(0xD2511F53), U64(0xCD9E8D57)
_W0, _W1 = U64(0x9E3779B9), U64(0xBB67AE85)
_CONTEXT, _TOKEN = U64(0x574D4358), U64(0x574D544B)


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _philox(a: Int, b: Int, c: Int, d: Int, low: Int, high: Int) -> Any:  # noqa: ANN401  four words
    for _ in range(10):
        first, second = _M0 * a, _M1 * c
        a, b = (second >> U64(32)) ^ b ^ low, second & _LOW
        c, d = (first >> U64(32)) ^ d ^ high, first & _LOW
        low, high = (low + _W0) & _LOW, (high + _W1) & _LOW
    return a, b, c, d


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _state(key: Int, tokens: NDArray[np.int64], at: int, width: int) -> Any:  # noqa: ANN401  four words
    low, high = key & _LOW, key >> U64(32)
    a, b, c, d = _CONTEXT, U64(width), U64(0), U64(0)
    for offset in range(0, width, 4):
        place = at - width + offset
        left = width - offset
        a ^= U64(tokens[place]) & _LOW
        b ^= U64(tokens[place + 1]) & _LOW if left > 1 else _LOW - U64(1)
        c ^= U64(tokens[place + 2]) & _LOW if left > 2 else _LOW - U64(2)
        d ^= U64(tokens[place + 3]) & _LOW if left > 3 else _LOW - U64(3)
        a, b, c, d = _philox(a, b, c, d, low ^ U64(offset), high)
    return a, b, c, d


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _word(key: Int, state: Any, token: Int) -> Int:  # noqa: ANN401  four words
    low, high = (key & _LOW) ^ state[3], (key >> U64(32)) ^ _TOKEN
    of_token = U64(token) & _LOW
    a, b, c, d = _philox(of_token >> U64(2), state[0], state[1], state[2], low, high)
    which = of_token & U64(3)
    if which == U64(0):
        return a
    if which == U64(1):
        return b
    return c if which == U64(2) else d


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def words(key: Int, tokens: NDArray[np.int64], width: int) -> NDArray[np.uint64]:
    """32 bits of each token from the `width`-th on, after the tokens before it."""
    count = max(tokens.shape[0] - width, 0)
    found = np.empty(count, np.uint64)
    for i in range(count):
        found[i] = _word(key, _state(key, tokens, i + width, width), tokens[i + width])
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def row(key: Int, context: NDArray[np.int64], vocabulary: int) -> NDArray[np.uint64]:
    """32 bits of each token of the vocabulary after one context."""
    width = context.shape[0]
    state = _state(key, context, width, width)
    found = np.empty(vocabulary, np.uint64)
    for token in range(vocabulary):
        found[token] = _word(key, state, token)
    return found
