"""Reader of vLLM's own mark, ``--watermark-config '{"algorithm": "gumbel"}'``.

Verified token for token against vLLM 0.33.0 (PRF ``philox4x32-10-v1``).
References: vLLM 0.33.0, vllm/v1/watermarking/gumbel.py and prfs/philox.py; RFC vllm-project/vllm#53916.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.readers import _kernels_philox as kernels
from stillwatch.trace.readers.example import Example, drawn_by_numbers

__all__ = ["VllmGumbel", "checked", "philox_scores", "philox_uniforms"]

_LARGEST_KEY, _WIDEST = 2**64 - 1, 64
_STEPS = 2.0**-24


class VllmGumbel:
    """Finds the mark of a vLLM engine.

    key         The engine's ``key``, 0 to 2^64 - 1.
    width       Its ``context_width``.
    Raises      InvalidInput for a key or width that vLLM has not.

    A number is the lower end of its 2^24th part of [0, 1): so a score is at least x with a chance of at most exp(-x),
    and the Gamma tail is an upper bound, which it exceeds by less than 2^-24 a token.

    >>> reader = VllmGumbel(42)
    >>> reader.scores(np.arange(9)).round(4).tolist()
    [0.9504, 0.2014, 1.5385, 2.2709, 1.5958]
    """

    name = "vllm-gumbel"
    null_mean = 1.0

    def __init__(self, key: int, width: int = 4) -> None:
        self._key, self.width = checked(key, width)
        self.public_key = key == 42  # the key of vLLM's documents

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of the `width` tokens before each."""
        return prf.contexts(tokens, self.width)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """-ln(1 - u)."""
        return philox_scores(self._key, tokens, self.width)

    def log_tail(self, total: float, count: int) -> float:
        """Gamma tail."""
        return gumbel.log_tail(total, count)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Widths that fill one block of the hash, less, and more."""
        return tuple(_example(0x0123456789ABCDEF, width) for width in (4, 2, 5))


def checked(key: int, width: int) -> tuple[np.uint64, int]:
    """Key and width as the kernels take them.

    >>> checked(7, 4)
    (np.uint64(7), 4)
    """
    if not 0 <= key <= _LARGEST_KEY:
        message = "a vLLM key must be in 0 to 2^64 - 1"
        raise InvalidInput(message)
    if not 1 <= width <= _WIDEST:
        message = f"context_width must be in 1 to {_WIDEST}, got {width}"
        raise InvalidInput(message)
    return np.uint64(key), width


def philox_scores(key: np.uint64, tokens: ArrayLike, width: int) -> NDArray[np.float64]:
    """-ln(1 - u) of each token from the `width`-th on.

    >>> philox_scores(np.uint64(1), [1, 2], 4).tolist()
    []
    """
    words = kernels.words(key, prf.token_array(tokens), width)
    return gumbel.scores((words >> np.uint64(8)) * _STEPS)


def philox_uniforms(key: np.uint64, context: NDArray[np.int64], vocabulary: int) -> NDArray[np.float64]:
    """Numbers that vLLM draws with after a context, in (0, 1), shape (vocabulary,).

    >>> bool(0 < philox_uniforms(np.uint64(1), np.arange(4), 100).min())
    True
    """
    words = kernels.row(key, context, vocabulary) >> np.uint64(8)
    return np.asarray(((words + 1.0) / (2.0**24 + 1.0)).astype(np.float32), np.float64)


def _example(key: int, width: int) -> Example:
    marked = drawn_by_numbers(lambda context, size: philox_uniforms(np.uint64(key), context, size), width, 400)
    return Example(VllmGumbel(key, width), lambda number: VllmGumbel(number, width), 400, marked)
