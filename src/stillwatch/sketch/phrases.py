"""How many distinct prompts hold a phrase of four tokens: a count-min sketch that merges by addition."""

from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.sketch._kernels_counts import CELLS_PER_LINE, add_rows
from stillwatch.sketch._kernels_topic import N_WORDS
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import strings_of

__all__ = ["PhraseCounts"]

LINES_PER_PROMPT = 2
MIN_LINES, MAX_LINES = 1 << 12, 1 << 24


class PhraseCounts:
    """Phrase counts of many prompts.

    Every prompt counts once for each of its phrases, and must be added once: the caller picks one row per distinct
    prompt. Counts are never too low. Two counts of the same size merge by plain addition, in any order.

    cells        Counters, uint32; 16 of them, one cache line, serve a phrase.
    words        Prompts that hold a word, by the low bits of its hash, uint32; they weigh the words of a topic.
    n_prompts    Prompts added.
    References   Cormode and Muthukrishnan (2005), An improved data stream summary: the count-min sketch.

    >>> prompts = pa.array(["what is the capital of France", "what is the capital of Peru"])
    >>> PhraseCounts.empty(2).add(prompts, np.ones(2, np.bool_)).n_prompts
    2
    """

    def __init__(self, cells: NDArray[np.uint32], words: NDArray[np.uint32], n_prompts: int) -> None:
        self.cells = cells
        self.words = words
        self.n_prompts = n_prompts

    @classmethod
    def empty(cls, n_prompts_expected: int) -> Self:
        """Counters for that many distinct prompts: 128 bytes each, at most 1 GB in all.

        >>> PhraseCounts.empty(100_000).size_bytes
        12800000
        """
        lines = min(max(LINES_PER_PROMPT * n_prompts_expected, MIN_LINES), MAX_LINES)
        return cls(_aligned_zeros(lines * CELLS_PER_LINE), np.zeros(N_WORDS, np.uint32), 0)

    @property
    def size_bytes(self) -> int:
        """Memory of the phrase counters."""
        return self.cells.nbytes

    def add(self, texts: pa.Array | pa.ChunkedArray, mask: NDArray[np.bool_]) -> Self:
        """Count the prompts in the rows of `mask`, in place."""
        strings = strings_of(texts)
        if len(mask) != len(strings.offsets) - 1:
            problem = f"mask must have one entry per text, got {len(mask)} for {len(strings.offsets) - 1}"
            raise InvalidInput(problem)
        self.n_prompts += add_rows(strings, mask, fold_tables(), self.cells, self.words)
        return self

    def merge(self, other: Self) -> Self:
        """Sum of both, as a new value."""
        if self.cells.shape != other.cells.shape:
            problem = f"counters must have one size, got {len(self.cells)} and {len(other.cells)} cells"
            raise InvalidInput(problem)
        cells = _aligned_zeros(len(self.cells))
        np.add(self.cells, other.cells, out=cells)
        return type(self)(cells, self.words + other.words, self.n_prompts + other.n_prompts)

    def __eq__(self, other: object) -> bool:
        """Whether all counters agree."""
        if not isinstance(other, PhraseCounts):
            return NotImplemented
        same = np.array_equal(self.cells, other.cells) and np.array_equal(self.words, other.words)
        return same and self.n_prompts == other.n_prompts

    __hash__ = None  # type: ignore[assignment]


def _aligned_zeros(n_cells: int) -> NDArray[np.uint32]:
    """Zeros that begin at a cache line."""
    raw = np.zeros(n_cells + CELLS_PER_LINE, np.uint32)
    skip = -raw.ctypes.data % 64 // 4
    return raw[skip : skip + n_cells]
