"""torch's CPU generator and its shuffle, compiled, so that its green lists are read without torch.

torch keeps the low 32 bits of a seed; `randperm` swaps place i with place i + word % (n - i) from the front.
References: Matsumoto and Nishimura (1998), ACM TOMACS 8, 3-30 (MT19937); PyTorch 2.14, MT19937RNGEngine.h and
TensorFactories.cpp (randperm_cpu).
"""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["are_green", "permutation", "raw_words"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U32 = np.uint32
_N, _M = 624, 397


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _start(state: NDArray[np.uint32], seed: Int) -> None:
    word = np.uint64(seed) & np.uint64(0xFFFFFFFF)
    state[0] = U32(word)
    for i in range(1, _N):
        word = (np.uint64(1812433253) * (word ^ (word >> np.uint64(30))) + np.uint64(i)) & np.uint64(0xFFFFFFFF)
        state[i] = U32(word)


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _twist(state: NDArray[np.uint32]) -> None:
    for i in range(_N):
        y = (state[i] & U32(0x80000000)) | (state[(i + 1) % _N] & U32(0x7FFFFFFF))
        turned = state[(i + _M) % _N] ^ (y >> U32(1))
        state[i] = turned ^ U32(0x9908B0DF) if y & U32(1) else turned


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _tempered(y: Int) -> Int:
    y ^= y >> U32(11)
    y ^= (y << U32(7)) & U32(0x9D2C5680)
    y ^= (y << U32(15)) & U32(0xEFC60000)
    return y ^ (y >> U32(18))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def raw_words(seed: Int, count: int) -> NDArray[np.uint32]:
    """First words of the generator of a seed."""
    state = np.empty(_N, np.uint32)
    _start(state, seed)
    found = np.empty(count, np.uint32)
    for i in range(count):
        if i % _N == 0:
            _twist(state)
        found[i] = _tempered(state[i % _N])
    return found


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _shuffle(state: NDArray[np.uint32], order: NDArray[np.int32], seed: Int, swaps: int) -> None:
    size = order.shape[0]
    for i in range(size):
        order[i] = i
    _start(state, seed)
    for i in range(min(swaps, size - 1)):
        if i % _N == 0:
            _twist(state)
        other = i + np.int64(_tempered(state[i % _N])) % (size - i)
        order[i], order[other] = order[other], order[i]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def permutation(seed: Int, size: int, first: int) -> NDArray[np.int32]:
    """The first places of `torch.randperm(size)` under a seed."""
    order = np.empty(size, np.int32)
    _shuffle(np.empty(_N, np.uint32), order, seed, first)
    return order[:first]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def are_green(seeds: NDArray[np.uint64], tokens: NDArray[np.int64], vocabulary: int, green: int) -> NDArray[np.bool_]:
    """Whether each token is among the first `green` of its seed's permutation; equal seeds side by side cost one."""
    found = np.zeros(seeds.shape[0], np.bool_)
    state, order = np.empty(_N, np.uint32), np.empty(vocabulary, np.int32)
    place = np.empty(vocabulary, np.int32)
    for i in range(seeds.shape[0]):
        if i == 0 or seeds[i] != seeds[i - 1]:
            _shuffle(state, order, seeds[i], green)
            for k in range(vocabulary):
                place[order[k]] = k
        found[i] = 0 <= tokens[i] < vocabulary and place[tokens[i]] < green
    return found
