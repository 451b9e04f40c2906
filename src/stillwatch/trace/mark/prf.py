"""Secret numbers: one 64-bit seed for a key and a context, and from it one number for every token.

The seed is SipHash-2-4, a pseudorandom function made for short inputs; the numbers of the tokens are the stream of
SplitMix64 from that seed. Who does not hold the key sees tokens only, neither seed nor number.
References: Aumasson and Bernstein (2012), SipHash; Steele, Lea and Flood (2014), OOPSLA, SplitMix64.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import _kernels_prf as kernels

__all__ = ["LARGEST_TOKEN", "contexts", "seed", "seed_twin", "token_array", "uniforms", "uniforms_from"]

LARGEST_TOKEN: Final = 2**32 - 1
_MASK: Final = 2**64 - 1


def token_array(tokens: ArrayLike) -> NDArray[np.int64]:
    """Token ids as the kernels take them.

    Raises      InvalidInput when they are not whole numbers in 0 to 2^32 - 1 in one row.

    >>> token_array([5, 7]).tolist()
    [5, 7]
    """
    found = np.asarray(tokens)
    if found.size == 0:
        return np.zeros(0, np.int64)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        message = f"token ids must be one row of whole numbers, got {found.dtype} of shape {found.shape}"
        raise InvalidInput(message)
    if int(found.min()) < 0 or int(found.max()) > LARGEST_TOKEN:
        message = f"token ids must be in 0 to {LARGEST_TOKEN}, got {int(found.min())} to {int(found.max())}"
        raise InvalidInput(message)
    return np.ascontiguousarray(found, np.int64)


def contexts(tokens: ArrayLike, width: int) -> NDArray[np.uint64]:
    """Which context each token from the `width`-th on stands after: equal numbers, equal contexts.

    Shape (tokens - width,), empty for a shorter text. It depends on no key, so a choice by it favours no token.

    >>> found = contexts([1, 2, 1, 2, 1], 2)
    >>> bool(found[0] == found[2]), len(found)
    (True, 3)
    """
    return np.asarray(kernels.contexts_of(token_array(tokens), width), np.uint64)


def seed(words: tuple[int, int], context: ArrayLike) -> int:
    """Seed of a context under a key.

    words       `MarkKey.words`.
    context     The tokens before the token, oldest first.

    >>> seed((0, 0), [1, 2, 3, 4]) == seed_twin((0, 0), [1, 2, 3, 4])
    True
    """
    row = token_array(context)
    low, high = (np.uint64(word) for word in words)
    return int(kernels.seed(low, high, row, len(row), len(row)))


def uniforms(words: tuple[int, int], context: ArrayLike, vocabulary_size: int) -> NDArray[np.float64]:
    """Number in (0, 1) of every token of the vocabulary after a context, shape (vocabulary_size,).

    >>> found = uniforms((1, 2), [7, 8], 1000)
    >>> bool(found.min() > 0 and found.max() < 1 and abs(found.mean() - 0.5) < 0.05)
    True
    """
    return uniforms_from(seed(words, context), np.arange(vocabulary_size))


def uniforms_from(of_seed: int, tokens: ArrayLike) -> NDArray[np.float64]:
    """Numbers of some tokens after the context of a seed; never 0 or 1.

    >>> bool(uniforms_from(3, [9])[0] == uniforms_from(3, [8, 9])[1])
    True
    """
    return np.asarray(kernels.uniforms(np.uint64(of_seed), token_array(tokens)), np.float64)


def seed_twin(words: tuple[int, int], context: ArrayLike) -> int:
    """SipHash-2-4 of the context in plain Python, from its paper: the twin of the kernel.

    The reference implementation's vector of bytes 0 to 15 under the key of the same bytes:

    >>> key = bytes(range(16))
    >>> words = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    >>> hex(seed_twin(words, np.frombuffer(key, "<u4")))
    '0x3f2acc7f57c29bdb'
    """
    data = b"".join(int(token).to_bytes(4, "little") for token in np.asarray(context))
    whole = len(data) // 8
    last = data[8 * whole :].ljust(7, b"\0") + bytes([len(data) & 0xFF])
    blocks = [data[8 * i : 8 * i + 8] for i in range(whole)] + [last]
    state = [
        words[0] ^ 0x736F6D6570736575,
        words[1] ^ 0x646F72616E646F6D,
        words[0] ^ 0x6C7967656E657261,
        words[1] ^ 0x7465646279746573,
    ]
    for block in blocks:
        word = int.from_bytes(block, "little")
        state[3] ^= word
        state = _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    state = _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _turned(x: int, by: int) -> int:
    return (x << by | x >> (64 - by)) & _MASK


def _rounds(state: list[int], count: int) -> list[int]:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        b = _turned(b, 13) ^ a
        a = _turned(a, 32)
        c = (c + d) & _MASK
        d = _turned(d, 16) ^ c
        a = (a + d) & _MASK
        d = _turned(d, 21) ^ a
        c = (c + b) & _MASK
        b = _turned(b, 17) ^ c
        c = _turned(c, 32)
    return [a, b, c, d]
