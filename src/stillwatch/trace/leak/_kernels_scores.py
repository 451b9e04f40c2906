"""Scores of keys on places, compiled; the readable twin is `stillwatch.trace.leak.scoring.sums_twin`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stillwatch.trace.mark._kernels_prf import GOLDEN, number, seed

__all__ = ["code_sums", "numbers_of", "sums_by_key", "symbol_scores"]

U64 = np.uint64
_I0, _I1 = U64(0x736F6D6570736575), U64(0x646F72616E646F6D)
_I2, _I3 = U64(0x6C7967656E657261), U64(0x7465646279746573)
_MIX_A, _MIX_B = U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)
_WHOLE, _UNIT = 4503599627370495.5, 2.0**-52
_BLOCK = 512
_AT_ONCE = 16
"""Factors multiplied before one logarithm: each is at least 2^-53, so the product stays far from the smallest float."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def sums_by_key(
    low: NDArray[np.uint64],
    high: NDArray[np.uint64],
    tokens: NDArray[np.int64],
    places: NDArray[np.int64],
    width: int,
) -> NDArray[np.float64]:
    """Sum of -ln(1 - u) over places, for each key.

    Keys lie in the inner loops, each a piece of SipHash, so that they are computed side by side in the machine's lanes.

    low, high   Words of the keys, each contiguous.
    places      Positions of scored tokens; each has `width` tokens before it.
    """
    n_keys, n_words = low.shape[0], width // 2 + 1
    sums = np.zeros(n_keys)
    words = np.empty(n_words, np.uint64)
    product = np.empty(_BLOCK)
    sa, sb = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint64)
    sc, sd = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint64)
    for start in range(0, n_keys, _BLOCK):
        size = min(_BLOCK, n_keys - start)
        product[:] = 1.0
        for i in range(places.shape[0]):
            at = places[i] - width
            for j in range(width // 2):
                words[j] = U64(np.uint32(tokens[at + 2 * j])) | U64(np.uint32(tokens[at + 2 * j + 1])) << U64(32)
            words[n_words - 1] = U64((4 * width) & 0xFF) << U64(56)
            if width % 2:
                words[n_words - 1] |= U64(np.uint32(tokens[at + width - 1]))
            step = (U64(tokens[places[i]]) + U64(1)) * GOLDEN
            for k in range(size):
                sa[k], sb[k] = low[start + k] ^ _I0, high[start + k] ^ _I1
                sc[k], sd[k] = low[start + k] ^ _I2, high[start + k] ^ _I3
            for j in range(n_words):
                word = words[j]
                for k in range(size):
                    a, b, c, d = sa[k], sb[k], sc[k], sd[k] ^ word
                    for _ in range(2):
                        a += b
                        c += d
                        b = (b << U64(13)) | (b >> U64(51))
                        d = (d << U64(16)) | (d >> U64(48))
                        b ^= a
                        d ^= c
                        a = (a << U64(32)) | (a >> U64(32))
                        c += b
                        a += d
                        b = (b << U64(17)) | (b >> U64(47))
                        d = (d << U64(21)) | (d >> U64(43))
                        b ^= c
                        d ^= a
                        c = (c << U64(32)) | (c >> U64(32))
                    sa[k], sb[k], sc[k], sd[k] = a ^ word, b, c, d
            for k in range(size):
                a, b, c, d = sa[k], sb[k], sc[k] ^ U64(0xFF), sd[k]
                for _ in range(4):
                    a += b
                    c += d
                    b = (b << U64(13)) | (b >> U64(51))
                    d = (d << U64(16)) | (d >> U64(48))
                    b ^= a
                    d ^= c
                    a = (a << U64(32)) | (a >> U64(32))
                    c += b
                    a += d
                    b = (b << U64(17)) | (b >> U64(47))
                    d = (d << U64(21)) | (d >> U64(43))
                    b ^= c
                    d ^= a
                    c = (c << U64(32)) | (c >> U64(32))
                x = (a ^ b ^ c ^ d) + step
                x = (x ^ (x >> U64(30))) * _MIX_A
                x = (x ^ (x >> U64(27))) * _MIX_B
                x = (x ^ (x >> U64(31))) >> U64(12)
                product[k] *= (_WHOLE - np.float64(np.int64(x))) * _UNIT
            if (i + 1) % _AT_ONCE == 0:
                for k in range(size):
                    sums[start + k] -= np.log(product[k])
                    product[k] = 1.0
        for k in range(size):
            sums[start + k] -= np.log(product[k])
    return sums


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def numbers_of(
    words: NDArray[np.uint64], tokens: NDArray[np.int64], places: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    """Number u of the token at each place, under one key."""
    found = np.empty(places.shape[0], np.float64)
    for i in range(places.shape[0]):
        drawn = number(seed(words[0], words[1], tokens, places[i], width), tokens[places[i]])
        found[i] = (np.float64(drawn >> U64(12)) + 0.5) * _UNIT
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def symbol_scores(
    words: NDArray[np.uint64],
    tokens: NDArray[np.int64],
    places: NDArray[np.int64],
    turns: NDArray[np.int64],
    width: int,
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """Sum of -ln(1 - u) by symbol and value, shape `size`: what each value of each symbol would explain.

    turns   Place of the symbol in the code word, for each place.
    """
    found = np.zeros(size)
    for i in range(places.shape[0]):
        of_context = seed(words[0], words[1], tokens, places[i], width)
        for value in range(size[1]):
            first = (turns[i] * size[1] + value) << 32
            drawn = number(of_context, first + tokens[places[i]])
            found[turns[i], value] -= np.log((_WHOLE - np.float64(np.int64(drawn >> U64(12)))) * _UNIT)
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def code_sums(scores: NDArray[np.float64], code: NDArray[np.uint8], sums: NDArray[np.float64]) -> None:
    """Add to each account's sum what its code word explains.

    scores  Shape (symbols, values).
    code    Shape (accounts, symbols).
    """
    for k in range(code.shape[0]):
        total = 0.0
        for j in range(code.shape[1]):
            total += scores[j, code[k, j]]
        sums[k] += total
