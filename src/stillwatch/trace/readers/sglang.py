"""Reader of SGLang's mark, of one key or two: requests with ``"watermark": {"key": ..., "context_window": ...}``.

Verified token for token against SGLang 0.5.23. Its 32-bit hash is no cryptographic function, and the context's part of
it holds no key: contexts of equal hash have equal numbers, so the hash is what a context is known by here.
References: SGLang 0.5.23, sglang/srt/sampling/watermarking/README.md and detector.py; sgl-project/sglang#37577.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.readers import _kernels_murmur as kernels
from stillwatch.trace.readers.example import Example, drawn_by_numbers

__all__ = ["Sglang"]

_LARGEST_KEY, _WIDEST = 2**64 - 1, 64


class Sglang:
    """Finds the mark of an SGLang server or of one keyed request.

    key         Its ``key`` as a number: `MarkKey.engine_key`, or int(text, 16).
    width       Its ``context_window``, 1 to 64.
    key_b       The server's second key, when it has one.
    mixing      Its ``mixing_probability``: share of contexts that are the first key's.
    Raises      InvalidInput for what SGLang refuses.

    A number is the lower end of its 2^32nd part of [0, 1): so the Gamma tail is an upper bound, exact but for 2^-32.

    >>> reader = Sglang(0x0123456789ABCDEF)
    >>> reader.scores(np.arange(7)).shape
    (3,)
    """

    name = "sglang"
    null_mean = 1.0
    public_key = False

    def __init__(self, key: int, width: int = 4, key_b: int | None = None, mixing: float = 0.5) -> None:
        second = key if key_b is None else key_b
        if not (0 <= key <= _LARGEST_KEY and 0 <= second <= _LARGEST_KEY):
            message = "an SGLang key must be in 0 to 2^64 - 1"
            raise InvalidInput(message)
        if not 1 <= width <= _WIDEST:
            message = f"context_window must be in 1 to {_WIDEST}, got {width}"
            raise InvalidInput(message)
        if not 0 < mixing < 1:
            message = f"mixing_probability must be in (0, 1), got {mixing}"
            raise InvalidInput(message)
        self.width = width
        self._key, self._key_b, self._share = np.uint64(key), np.uint64(second), np.uint64(int(mixing * 2**32))

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """SGLang's hash of the `width` tokens before each."""
        return np.asarray(kernels.context_hashes(prf.token_array(tokens), self.width), np.uint64)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """-ln(1 - u) under the key whose turn it is."""
        row = prf.token_array(tokens)
        return gumbel.scores(self._numbers(self.contexts(row), row[self.width :]))

    def log_tail(self, total: float, count: int) -> float:
        """Gamma tail."""
        return gumbel.log_tail(total, count)

    def _numbers(self, hashes: NDArray[np.uint64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(kernels.words(self._key, self._key_b, self._share, hashes, tokens) * 2.0**-32)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """One key, and two."""
        first, second = 0x0123456789ABCDEF, 0xFEDCBA9876543210
        return (
            _example(cls(first), cls),
            _example(cls(first, 3, second, 0.7), lambda number: cls(number, 3, number + 2**40, 0.7)),
        )


def _example(reader: Sglang, under: Callable[[int], Sglang]) -> Example:
    def numbers(context: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        of_context = reader.contexts(np.r_[context, 0])
        return reader._numbers(np.repeat(of_context, size), np.arange(size)) + 2.0**-33  # noqa: SLF001  one scheme

    return Example(reader, under, 400, drawn_by_numbers(numbers, reader.width, 400))
