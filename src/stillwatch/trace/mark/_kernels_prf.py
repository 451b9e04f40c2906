"""Secret numbers, compiled; the readable twin is `stillwatch.trace.mark.prf.seed_twin`."""

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["GOLDEN", "contexts_of", "number", "seed", "seeds_by_key", "uniforms"]

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

U64 = np.uint64
GOLDEN = U64(0x9E3779B97F4A7C15)
_MIX_A, _MIX_B = U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)
_I0, _I1 = U64(0x736F6D6570736575), U64(0x646F72616E646F6D)
_I2, _I3 = U64(0x6C7967656E657261), U64(0x7465646279746573)


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _round(a: Int, b: Int, c: Int, d: Int) -> Any:  # noqa: ANN401  four words
    a += b
    b = (b << U64(13)) | (b >> U64(51))
    b ^= a
    a = (a << U64(32)) | (a >> U64(32))
    c += d
    d = (d << U64(16)) | (d >> U64(48))
    d ^= c
    a += d
    d = (d << U64(21)) | (d >> U64(43))
    d ^= a
    c += b
    b = (b << U64(17)) | (b >> U64(47))
    b ^= c
    c = (c << U64(32)) | (c >> U64(32))
    return a, b, c, d


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def seed(low: Int, high: Int, tokens: NDArray[np.int64], at: int, width: int) -> Int:
    """SipHash-2-4 of the `width` tokens before position `at`, each as 32 bits, little end first."""
    a, b, c, d = low ^ _I0, high ^ _I1, low ^ _I2, high ^ _I3
    place = at - width
    for _ in range(width // 2):
        word = U64(np.uint32(tokens[place])) | U64(np.uint32(tokens[place + 1])) << U64(32)
        d ^= word
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a ^= word
        place += 2
    word = U64((4 * width) & 0xFF) << U64(56)
    if width % 2:
        word |= U64(np.uint32(tokens[place]))
    d ^= word
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a ^= word
    c ^= U64(0xFF)
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]
def number(of_seed: Int, token: Int) -> Int:
    """64 bits for one token after the context of a seed: the token's place in the stream of SplitMix64."""
    x = of_seed + (U64(token) + U64(1)) * GOLDEN
    x = (x ^ (x >> U64(30))) * _MIX_A
    x = (x ^ (x >> U64(27))) * _MIX_B
    return x ^ (x >> U64(31))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def uniforms(of_seed: Int, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Numbers in (0, 1), one for each token of an array."""
    found = np.empty(tokens.shape[0], np.float64)
    for i in range(tokens.shape[0]):
        found[i] = (np.float64(number(of_seed, tokens[i]) >> U64(12)) + 0.5) * 2.0**-52
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def seeds_by_key(
    words: NDArray[np.uint64], tokens: NDArray[np.int64], places: NDArray[np.int64], width: int
) -> NDArray[np.uint64]:
    """Seeds by key and place, shape (keys, places); a place has `width` tokens before it."""
    found = np.empty((words.shape[0], places.shape[0]), np.uint64)
    for k in range(words.shape[0]):
        for i in range(places.shape[0]):
            found[k, i] = seed(words[k, 0], words[k, 1], tokens, places[i], width)
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def contexts_of(tokens: NDArray[np.int64], width: int) -> NDArray[np.uint64]:
    """Which context each token from the `width`-th on stands after: a hash under no secret."""
    count = max(tokens.shape[0] - width, 0)
    found = np.empty(count, np.uint64)
    for i in range(count):
        found[i] = seed(U64(0), U64(width), tokens, i + width, width)
    return found
