"""Readers of SynthID-Text as transformers makes it: the mean of its bits, and the mean that weighs early bits more.

A token's bits are cells of a table of fair bits, looked up by the low bits of a hash that holds no key until the
context and the token are in it. So two places whose hashes agree in those bits (one pair of places in 65,536) have all
bits in common, whatever the keys: a sum over places has an exact tail only where each such state is counted once, and
that is what a context is here. A table holds no more evidence than its size in tokens.
References: Dathathri et al. (2024), Nature 634, 818-823; transformers 5.24.0, SynthIDTextWatermarkLogitsProcessor.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark import green
from stillwatch.trace.mark.prf import token_array
from stillwatch.trace.readers import _kernels_synthid as kernels
from stillwatch.trace.readers._kernels_twister import raw_words
from stillwatch.trace.readers.example import Example, drawn_from
from stillwatch.trace.readers.tails import log_weighted_binomial_tail

__all__ = ["PUBLISHED_KEYS", "Synthid", "SynthidWeighted", "table_of"]

PUBLISHED_KEYS = (654, 400, 836, 123, 340, 443, 597, 160, 57)
"""First keys of the example that transformers prints: anybody can find and forge a mark under them."""


class Synthid:
    """Finds SynthID-Text by the number of bits that are 1.

    keys        The configuration's ``keys``, one a depth. Two that agree in the table's low bits (30 drawn by chance
                have such a pair once in 150 times) make two depths of equal bits, which count as one of both weights.
    length      Its ``ngram_len``: tokens of a context and the token after it, 2 or more.
    table       0s and 1s, a power of two of them; None is that of a CPU, seed 0 and size 65,536. A table that was
                made on a GPU is another: give `SynthIDTextWatermarkLogitsProcessor.sampling_table` of that device.
    Raises      InvalidInput for settings under which the tail would not be exact.

    Under the null (keys drawn by chance, whatever the text) the bits of one depth are different cells of the table, so
    their sum is no wider than a binomial one with the table's own share of 1s (Uhlmann, 1966, Metrika 10, 145-158).

    >>> reader = Synthid([3, 1, 4])
    >>> len(reader.scores(np.arange(9))), round(float(np.exp(reader.log_tail(15.0, 5))) * 2**15, 2)
    (5, 0.99)
    """

    name = "synthid"

    def __init__(self, keys: Sequence[int], length: int = 5, table: NDArray[np.uint8] | None = None) -> None:
        cells = table_of(0) if table is None else np.ascontiguousarray(table, np.uint8)
        _check(keys, length, cells)
        self.width = length - 1
        self.public_key = tuple(keys[:9]) == PUBLISHED_KEYS
        self._table, self._share = cells, float(cells.mean())
        self._depths = np.array([key % cells.size for key in keys], np.uint64)
        self._keys, back = np.unique(self._depths, return_inverse=True)
        self._weights = np.bincount(back, self._of_depths(len(keys))).astype(np.int64)
        self.null_mean = self._share * float(self._weights.sum())

    @staticmethod
    def _of_depths(depth: int) -> NDArray[np.int64]:
        return np.ones(depth, np.int64)

    def contexts(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        """Low bits of the hash of each token and the tokens before it: all that its bits depend on but the keys."""
        return np.asarray(self._states(tokens) & np.uint64(self._table.size - 1), np.uint64)

    def scores(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """Sum of the weights of the bits that are 1."""
        found = kernels.weighted_bits(self._states(tokens), self._keys, self._weights, self._table)
        return np.asarray(found, np.float64)

    def log_tail(self, total: float, count: int) -> float:
        """Binomial tail over all bits, or that of the weighted sum where depths have equal bits."""
        if self._weights.max() > 1:
            return log_weighted_binomial_tail(round(total), count, self._weights.tolist(), self._share)
        return green.log_tail(round(total), count * self._keys.size, self._share)

    def _states(self, tokens: ArrayLike) -> NDArray[np.uint64]:
        return np.asarray(kernels.states(token_array(tokens), self.width + 1), np.uint64)

    def bits(self, context: NDArray[np.int64], vocabulary: int) -> NDArray[np.uint8]:
        """Bits of each token of the vocabulary after a context, shape (vocabulary, depths).

        >>> Synthid([3, 1, 4]).bits(np.arange(4), 10).shape
        (10, 3)
        """
        runs = np.column_stack([np.tile(context, (vocabulary, 1)), np.arange(vocabulary)])
        of_states = kernels.states(runs.ravel(), self.width + 1)[:: self.width + 1]
        one = np.ones(1, np.int64)
        rows = [kernels.weighted_bits(of_states, depth, one, self._table) for depth in self._depths[:, None]]
        return np.column_stack(rows).astype(np.uint8)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Nine depths, and 30 with short contexts."""
        return _example(cls, 9, 5), _example(cls, 30, 3)


class SynthidWeighted(Synthid):
    """Finds SynthID-Text by its bits, the first depth's counting ten times the last one's.

    The published weights fall from 10 to 1 in equal steps; rounded to whole numbers here, the sum has an exact tail.

    >>> reader = SynthidWeighted([3, 1, 4])
    >>> reader.scores(np.arange(9)).tolist()
    [7.0, 11.0, 10.0, 17.0, 0.0]
    """

    name = "synthid-weighted"

    @staticmethod
    def _of_depths(depth: int) -> NDArray[np.int64]:
        return np.rint(np.linspace(10, 1, depth)).astype(np.int64)


@lru_cache(maxsize=4)
def table_of(seed: int, size: int = 65_536) -> NDArray[np.uint8]:
    """Table that torch draws on a CPU: the configuration's ``sampling_table_seed`` and ``sampling_table_size``.

    >>> table_of(0)[:8].tolist()
    [0, 1, 1, 0, 1, 1, 1, 1]
    """
    table = np.asarray(raw_words(np.uint64(seed), size) & np.uint32(1), np.uint8)
    table.setflags(write=False)
    return table


def _check(keys: Sequence[int], length: int, table: NDArray[np.uint8]) -> None:
    if length < 2:
        message = f"ngram_len must be 2 or more, got {length}"
        raise InvalidInput(message)
    if (
        table.ndim != 1
        or table.size < 2
        or table.size & (table.size - 1)
        or not 0 < table.mean() < 1
        or table.max() > 1
    ):
        message = f"the sampling table must be 0s and 1s, a power of two of them, got shape {table.shape}"
        raise InvalidInput(message)
    if not keys:
        message = "there must be one key or more, got none"
        raise InvalidInput(message)


def _example(kind: type[Synthid], depth: int, length: int) -> Example:
    def under(number: int) -> Synthid:
        return kind(np.random.default_rng(number).integers(1, 2**62, depth).tolist(), length)

    reader = under(2**40)

    def choose(random: np.random.Generator, context: NDArray[np.int64], shares: NDArray[np.float64]) -> int:
        for bits in reader.bits(context, len(shares)).T:
            shares = np.maximum(shares * (1 + bits - bits @ shares), 0.0)
        return int(random.choice(len(shares), p=shares / shares.sum()))

    return Example(reader, under, 200, drawn_from(choose, reader.width, 200))
