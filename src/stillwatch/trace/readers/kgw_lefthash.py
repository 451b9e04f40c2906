"""Reader of transformers' ``WatermarkingConfig`` with its default seeding, ``lefthash``.

Whatever ``context_width`` says, the last token alone seeds the green list: a whole corpus holds no more evidence than
one place a token of the vocabulary. The default ``hashing_key`` 15485863 is printed in the documents: anybody can find
and forge a mark under it.
References: Kirchenbauer et al. (2023), ICML, algorithm 2; transformers 5.24.0, WatermarkLogitsProcessor.set_seed.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.trace.mark import green, prf
from stillwatch.trace.readers.example import Example, drawn_from, likelier
from stillwatch.trace.readers.green_lists import PUBLISHED_KEY, GreenLists

__all__ = ["KgwLefthash"]


class KgwLefthash:
    """Finds the mark of transformers' default watermark.

    key         The configuration's ``hashing_key``.
    lists       Green lists: the model's vocabulary, the configuration's ``greenlist_ratio``, the device that generated.

    >>> reader = KgwLefthash(15485863, GreenLists(1000))
    >>> reader.public_key, reader.scores(np.arange(9)).shape
    (True, (8,))
    """

    name = "transformers-kgw-lefthash"
    width = 1

    def __init__(self, key: int, lists: GreenLists) -> None:
        self.public_key = key == PUBLISHED_KEY
        self.null_mean = lists.chance
        self._key, self._lists = key, lists

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of the token before each."""
        return prf.contexts(tokens, 1)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """1 for a green token."""
        row = prf.token_array(tokens)
        return self._lists.have(self._seeds(row[:-1]), row[1:]).astype(np.float64)

    def log_tail(self, total: float, count: int) -> float:
        """Binomial tail."""
        return green.log_tail(round(total), count, self.null_mean)

    def _seeds(self, before: NDArray[np.int64]) -> NDArray[np.uint64]:
        """As Python's whole numbers give them: the key times the token, modulo 2^64 - 1."""
        different, back = np.unique(before, return_inverse=True)
        seeds = [self._key * token % (2**64 - 1) for token in different.tolist()]
        return np.array(seeds, np.uint64)[back]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A quarter of the vocabulary green, as by default, and half."""
        return tuple(_example(987_654_321, GreenLists(400, ratio)) for ratio in (0.25, 0.5))


def _example(key: int, lists: GreenLists) -> Example:
    reader = KgwLefthash(key, lists)

    def choose(random: np.random.Generator, context: NDArray[np.int64], shares: NDArray[np.float64]) -> int:
        seeds = np.repeat(reader._seeds(context), len(shares))  # noqa: SLF001  one scheme
        return likelier(random, shares, lists.have(seeds, np.arange(len(shares))))

    return Example(reader, lambda number: KgwLefthash(key + 2 * number + 2, lists), 400, drawn_from(choose, 1, 400))
