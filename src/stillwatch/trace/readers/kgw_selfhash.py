"""Reader of transformers' ``WatermarkingConfig`` with ``seeding_scheme="selfhash"``.

The seed is a least product of table values of the token itself and one of the tokens before it or, often, itself. So
one token in two places may have one and the same seed whatever stands before it, and only the key tells where. A sum
has an exact tail where each *token* is counted once, which is what a context is here.
References: Kirchenbauer et al. (2023), arXiv:2306.04634, algorithm 3; transformers 5.24.0,
WatermarkLogitsProcessor.set_seed and WatermarkDetector.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import green, prf
from stillwatch.trace.readers.example import Example, drawn_from, likelier
from stillwatch.trace.readers.green_lists import PUBLISHED_KEY, GreenLists

__all__ = ["KgwSelfhash"]

_TABLE = 1_000_003


class KgwSelfhash:
    """Finds the mark of transformers' selfhash watermark.

    key         The configuration's ``hashing_key``.
    lists       Green lists: the model's vocabulary, the configuration's ``greenlist_ratio``, the device that generated.
    window      Its ``context_width``, 1 to 16: the token and those before it that the seed is made of.
    Raises      InvalidInput for another window.

    >>> reader = KgwSelfhash(15485863, GreenLists(1000), 4)
    >>> reader.public_key, reader.scores(np.arange(9)).shape
    (True, (6,))
    """

    name = "transformers-kgw-selfhash"

    def __init__(self, key: int, lists: GreenLists, window: int = 4) -> None:
        if not 1 <= window <= 16:
            message = f"context_width must be in 1 to 16, got {window}"
            raise InvalidInput(message)
        self.width = window - 1
        self.public_key = key == PUBLISHED_KEY
        self.null_mean = lists.chance
        self._key, self._lists = np.array([key % 2**64], np.uint64).view(np.int64), lists
        self._table = lists.shuffled(key % 2**64, _TABLE, lists.vocabulary) + 1

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Hash of each token itself."""
        row = prf.token_array(tokens)
        return prf.contexts(np.append(row[self.width :], 0), 1) if row.size else np.zeros(0, np.uint64)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """1 for a green token."""
        row = prf.token_array(tokens)
        if row.size <= self.width:
            return np.zeros(0)
        runs = np.lib.stride_tricks.sliding_window_view(row, self.width + 1)
        return self._lists.have(self._seeds(runs), runs[:, -1]).astype(np.float64)

    def log_tail(self, total: float, count: int) -> float:
        """Binomial tail."""
        return green.log_tail(round(total), count, self.null_mean)

    def _seeds(self, runs: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Least of the products, each wrapped to 64 bits, as torch wraps them; then modulo 2^64 - 1.

        An id outside the vocabulary, which no such model gives, stands for the last one inside.
        """
        values = self._table[np.minimum(runs % _TABLE, self._table.size - 1)]
        least = (self._key * values * values[:, -1:]).min(axis=1)
        seeds = least.view(np.uint64).copy()
        seeds[least < 0] -= np.uint64(1)
        return np.asarray(seeds, np.uint64)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Windows of 4 tokens and of 2."""
        return tuple(_example(987_654_321, GreenLists(400), window) for window in (4, 2))


def _example(key: int, lists: GreenLists, window: int) -> Example:
    reader = KgwSelfhash(key, lists, window)

    def choose(random: np.random.Generator, context: NDArray[np.int64], shares: NDArray[np.float64]) -> int:
        each = np.arange(len(shares))
        runs = np.column_stack([np.tile(context, (len(shares), 1)), each])
        return likelier(random, shares, lists.have(reader._seeds(runs), each))  # noqa: SLF001  one scheme

    return Example(
        reader,
        lambda number: KgwSelfhash(key + 2 * number + 2, lists, window),
        400,
        drawn_from(choose, reader.width, 400),
    )
