"""Reader of our own account layer."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.trace.keys.key import MarkKey, Purpose, derive
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.readers._kernels_ours import numbers
from stillwatch.trace.readers.example import Example, drawn_by_numbers

__all__ = ["OursGumbel"]


class OursGumbel:
    """Finds what `stillwatch.trace.mark.gumbel` drew under a key.

    width       `Scheme.account_width` of the mark.

    >>> reader = OursGumbel(derive(bytes(32), Purpose.ACCOUNT, "acct-1", "2026-11"))
    >>> reader.name, reader.scores(np.arange(9)).shape, reader.log_tail(0.0, 0)
    ('ours-gumbel', (5,), 0.0)
    """

    name = "ours-gumbel"
    null_mean = 1.0
    public_key = False

    def __init__(self, key: MarkKey, width: int = 4) -> None:
        self.width = width
        self._words = key.words

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of the `width` tokens before each."""
        return prf.contexts(tokens, self.width)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """-ln(1 - u): exponential of mean 1 under the null."""
        return gumbel.scores(numbers(*map(np.uint64, self._words), prf.token_array(tokens), self.width))

    def log_tail(self, total: float, count: int) -> float:
        """Gamma tail."""
        return gumbel.log_tail(total, count)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Width 4, as served, and width 2."""
        key = derive(bytes(32), Purpose.ACCOUNT, "acct-1", "2026-11")
        return tuple(_example(key, width) for width in (4, 2))


def _example(key: MarkKey, width: int) -> Example:
    marked = drawn_by_numbers(lambda context, size: prf.uniforms(key.words, context, size), width, 400)

    def under(number: int) -> OursGumbel:
        return OursGumbel(derive(bytes(32), Purpose.ACCOUNT, f"acct-no-{number}", "2026-11"), width)

    return Example(OursGumbel(key, width), under, 400, marked)
