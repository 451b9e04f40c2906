"""Reader of vLLM's mark with two keys, ``"algorithm": "dual_key_gumbel"``, made for speculative decoding.

vLLM's own detector fits a Gamma distribution to mean and variance of the weighted sum; far out that is off by a factor
of two (`tests/trace/readers/test_vllm_dual_key.py`). Here the tail is that of the sum itself.
References: vLLM 0.33.0, vllm/config/watermarking.py and vllm/v1/watermarking/gumbel.py; vllm-project/vllm#56122.
"""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.readers.example import Example, drawn_from
from stillwatch.trace.readers.tails import log_two_gamma_tail
from stillwatch.trace.readers.vllm_gumbel import checked, philox_scores, philox_uniforms

__all__ = ["VllmDualKey"]


class VllmDualKey:
    """Finds the mark of a vLLM engine with two keys, both derived from the one in its configuration.

    key         The engine's ``key``, 0 to 2^64 - 1.
    width       Its ``context_width``.
    alpha       Its ``alpha``: chance that the second key draws, and weight of that key's score; 0 to 1.

    >>> reader = VllmDualKey(42)
    >>> len(reader.scores(np.arange(9))), reader.log_tail(0.0, 5)
    (5, 0.0)
    """

    name = "vllm-dual-key"
    null_mean = 1.0

    def __init__(self, key: int, width: int = 4, alpha: float = 0.1) -> None:
        if not 0 <= alpha <= 1:
            message = f"alpha must be in 0 to 1, got {alpha}"
            raise InvalidInput(message)
        _, self.width = checked(key, width)
        self._keys = _derived(key, b"key_a"), _derived(key, b"key_b")
        self._alpha = alpha
        self.public_key = key == 42  # the key of vLLM's documents

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of the `width` tokens before each."""
        return prf.contexts(tokens, self.width)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """-ln(1 - u) under each key, weighted."""
        first, second = (philox_scores(key, tokens, self.width) for key in self._keys)
        return (1 - self._alpha) * first + self._alpha * second

    def log_tail(self, total: float, count: int) -> float:
        """Tail of the weighted sum of two Gamma variables."""
        return log_two_gamma_tail(total, count, 1 - self._alpha, self._alpha)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The usual weight, and equal ones."""
        return tuple(_example(0x0123456789ABCDEF, alpha) for alpha in (0.1, 0.5))


def _derived(key: int, domain: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(domain + key.to_bytes(8, "big")).digest()[:8], "big"))


def _example(key: int, alpha: float) -> Example:
    keys = _derived(key, b"key_a"), _derived(key, b"key_b")

    def choose(random: np.random.Generator, context: NDArray[np.int64], shares: NDArray[np.float64]) -> int:
        return gumbel.draw(shares, philox_uniforms(keys[int(random.random() < alpha)], context, len(shares)))

    reader = VllmDualKey(key, alpha=alpha)
    return Example(reader, lambda number: VllmDualKey(number, alpha=alpha), 400, drawn_from(choose, 4, 400))
