"""MurmurHash3 (x86, 32 bits) as SGLang seeds its marks with it, compiled.

References: Appleby (2016), smhasher; SGLang 0.5.23, sglang/srt/sampling/watermarking/README.md (the contract).
"""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["context_hashes", "words"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U64 = np.uint64
_LOW = U64(0xFFFFFFFF)


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _mix(state: Int, value: Int) -> Int:
    value = (value * U64(0xCC9E2D51)) & _LOW
    value = ((value << U64(15)) | (value >> U64(17))) & _LOW
    state ^= (value * U64(0x1B873593)) & _LOW
    state = ((state << U64(13)) | (state >> U64(19))) & _LOW
    return (state * U64(5) + U64(0xE6546B64)) & _LOW


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _finished(state: Int, size: Int) -> Int:
    state ^= size
    state ^= state >> U64(16)
    state = (state * U64(0x85EBCA6B)) & _LOW
    state ^= state >> U64(13)
    state = (state * U64(0xC2B2AE35)) & _LOW
    return state ^ (state >> U64(16))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def context_hashes(tokens: NDArray[np.int64], width: int) -> NDArray[np.uint64]:
    """Hash of the `width` tokens before each token from the `width`-th on: no key is in it."""
    count = max(tokens.shape[0] - width, 0)
    found = np.empty(count, np.uint64)
    for i in range(count):
        state = U64(0)
        for k in range(width):
            state = _mix(state, U64(tokens[i + k]) & _LOW)
        found[i] = _finished(state, U64(4 * width))
    return found


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def _of_key(key: Int) -> Int:
    return _mix(_mix(U64(0), key & _LOW), key >> U64(32))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def words(
    key: Int, key_b: Int, share: Int, hashes: NDArray[np.uint64], tokens: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """32 bits of each token after the context of its hash.

    A context's coin below `share` (0 to 2^32) chooses the first key, else the second.
    """
    found = np.empty(hashes.shape[0], np.uint64)
    first, second = _of_key(key), _of_key(key_b)
    both = _mix(_mix(first, key_b & _LOW), key_b >> U64(32))
    for i in range(hashes.shape[0]):
        coin = _finished(_mix(both, hashes[i]), U64(20))
        state = _mix(first if coin < share else second, hashes[i])
        found[i] = _finished(_mix(state, U64(tokens[i]) & _LOW), U64(16))
    return found
