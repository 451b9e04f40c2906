"""Reader of our own layer that students inherit."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.trace.keys.key import MarkKey, Purpose, derive
from stillwatch.trace.mark import green, prf
from stillwatch.trace.readers._kernels_ours import numbers
from stillwatch.trace.readers.example import Example, drawn_from, likelier

__all__ = ["OursGreen"]


class OursGreen:
    """Finds what `stillwatch.trace.mark.green` raised under a key.

    width       `Scheme.campaign_width` of the mark.
    gamma       `Scheme.gamma` of the mark.

    >>> reader = OursGreen(derive(bytes(32), Purpose.CAMPAIGN, "camp-1", "2026-11"))
    >>> reader.scores(np.arange(9)).shape, round(float(np.exp(reader.log_tail(7.0, 7))), 6)
    ((7,), 0.007813)
    """

    name = "ours-green"
    public_key = False

    def __init__(self, key: MarkKey, width: int = 2, gamma: float = 0.5) -> None:
        self.width = width
        self.null_mean = gamma
        self._words = key.words

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of the `width` tokens before each."""
        return prf.contexts(tokens, self.width)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """1 for a green token."""
        found = numbers(*map(np.uint64, self._words), prf.token_array(tokens), self.width)
        return green.is_green(found, self.null_mean).astype(np.float64)

    def log_tail(self, total: float, count: int) -> float:
        """Binomial tail."""
        return green.log_tail(round(total), count, self.null_mean)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Width 2 with half the tokens green, as served, and a quarter."""
        key = derive(bytes(32), Purpose.CAMPAIGN, "camp-1", "2026-11")
        return tuple(_example(key, gamma) for gamma in (0.5, 0.25))


def _example(key: MarkKey, gamma: float) -> Example:
    def choose(random: np.random.Generator, context: NDArray[np.int64], shares: NDArray[np.float64]) -> int:
        return likelier(random, shares, green.is_green(prf.uniforms(key.words, context, len(shares)), gamma))

    def under(number: int) -> OursGreen:
        return OursGreen(derive(bytes(32), Purpose.CAMPAIGN, f"camp-no-{number}", "2026-11"), gamma=gamma)

    return Example(OursGreen(key, gamma=gamma), under, 400, drawn_from(choose, 2, 400))
