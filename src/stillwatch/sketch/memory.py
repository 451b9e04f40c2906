"""What is remembered of the prompts of earlier windows: phrase counts, which prompts they count, leaders of templates.

Counts are kept by epoch, half a window each, and an epoch is dropped whole: what is left are exact counts of the
prompts first seen in the last half to whole window. Halving counts instead would round them, and templates live at
counts of twenty. Tables of different sizes add up: a line of a table twice as long holds what half of a shorter one's
line holds, so the shorter one is read as if both halves held all of it, which is never too low.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch._kernels_counts import CELLS_PER_LINE
from stillwatch.sketch.phrases import LINES_PER_PROMPT, MAX_LINES, MIN_LINES, PhraseCounts
from stillwatch.sketch.signatures import SignatureBook, Signatures
from stillwatch.sketch.templates import Templates

__all__ = ["Counted", "Leaders", "PhraseMemory", "grown"]


def grown(counts: PhraseCounts, lines: int) -> PhraseCounts:
    """The same counts in a table of `lines`, a power of two times as many as they have; never too low.

    >>> counts = PhraseCounts.empty(1)
    >>> len(grown(counts, 4 * len(counts.cells) // CELLS_PER_LINE).cells) // len(counts.cells)
    4
    """
    times = lines // (len(counts.cells) // CELLS_PER_LINE)
    if times == 1:
        return counts
    wider = PhraseCounts.empty(lines // LINES_PER_PROMPT)
    wider.cells[:] = np.repeat(counts.cells.reshape(-1, CELLS_PER_LINE), times, axis=0).ravel()
    wider.words, wider.n_prompts = counts.words, counts.n_prompts
    return wider


def _lines(counts: PhraseCounts) -> int:
    return len(counts.cells) // CELLS_PER_LINE


def _lines_for(n_prompts: int) -> int:
    """Lines of a table for so many prompts: a power of two, so that any two tables fit together."""
    wanted = max(LINES_PER_PROMPT * n_prompts, MIN_LINES)
    return min(1 << (wanted - 1).bit_length(), MAX_LINES)


def _sum(one: PhraseCounts, other: PhraseCounts) -> PhraseCounts:
    lines = max(_lines(one), _lines(other))
    return grown(one, lines).merge(grown(other, lines))


@dataclass(frozen=True, slots=True)
class Leaders:
    """Segments that lead a template each, by ascending signature.

    signature   uint64[n]; it names the template.
    minhashes   uint32[n, 16].
    rows        Exchanges of the template, int64[n].
    day         Day since 1970 of the last of them, int32[n].
    """

    signature: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    minhashes: NDArray[np.uint32] = field(default_factory=lambda: np.zeros((0, SIGNATURE_LENGTH), np.uint32))
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    day: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def today(self, book: SignatureBook, templates: Templates, day: int) -> Self:
        """Leaders that the segments of a day have, these earlier ones or new ones."""
        seen, every = book.signatures, self.book().merge(book).signatures
        signature, code = np.unique(templates.lookup(seen.signature), return_inverse=True)
        rows = np.bincount(code, weights=seen.rows, minlength=len(signature)).astype(np.int64)
        minhashes = every.minhashes[np.searchsorted(every.signature, signature)]
        return type(self)(signature, minhashes, rows, np.full(len(signature), day, np.int32))

    def merge(self, other: Self) -> Self:
        """Both: rows add up, the later day counts."""
        both = np.concatenate([self.signature, other.signature])
        signature, first, code = np.unique(both, return_index=True, return_inverse=True)
        day = np.zeros(len(signature), np.int32)
        np.maximum.at(day, code, np.concatenate([self.day, other.day]))
        rows = np.zeros(len(signature), np.int64)
        np.add.at(rows, code, np.concatenate([self.rows, other.rows]))
        return type(self)(signature, np.concatenate([self.minhashes, other.minhashes])[first], rows, day)

    def since(self, day: int) -> Self:
        """Those seen on `day` or later."""
        kept = self.day >= day
        return type(self)(self.signature[kept], self.minhashes[kept], self.rows[kept], self.day[kept])

    def book(self) -> SignatureBook:
        """As signatures, without an example: texts are not kept."""
        n = len(self.signature)
        nowhere = np.zeros(n, np.uint64), np.zeros((n, 2), np.int32)
        return SignatureBook((Signatures(self.signature, self.minhashes, self.rows, *nowhere),))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a day adds: the counts of its new distinct prompts and their content hashes, ascending."""

    counts: PhraseCounts
    contents: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class PhraseMemory:
    """Phrase counts by epoch, the prompts in them, and leaders.

    epochs          Counts by epoch.
    contents        Content hashes of the prompts counted, ascending, each once. Shape n.
    epoch           Epoch in which each is counted, the last if in several. Shape n.

    >>> PhraseMemory().merge(PhraseMemory()) == PhraseMemory()
    True
    """

    epochs: Mapping[int, PhraseCounts] = field(default_factory=dict)
    contents: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    epoch: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    leaders: Leaders = field(default_factory=Leaders)

    @classmethod
    def of_day(cls, counted: Counted, leaders: Leaders, epoch: int) -> Self:
        """What one day leaves."""
        epochs = np.full(len(counted.contents), epoch, np.int32)
        return cls({epoch: counted.counts}, counted.contents, epochs, leaders)

    def merge(self, other: Self) -> Self:
        """Both; a prompt that both counted counts twice, so days are counted one after the other."""
        epochs = dict(self.epochs)
        for number, counts in other.epochs.items():
            epochs[number] = _sum(epochs[number], counts) if number in epochs else counts
        both = np.concatenate([self.contents, other.contents])
        contents, code = np.unique(both, return_inverse=True)
        epoch = np.full(len(contents), np.iinfo(np.int32).min, np.int32)
        np.maximum.at(epoch, code, np.concatenate([self.epoch, other.epoch]))
        return type(self)(epochs, contents, epoch, self.leaders.merge(other.leaders))

    def since(self, epoch: int, day: int) -> Self:
        """What was counted in `epoch` or later, and leaders seen on `day` or later."""
        kept = self.epoch >= epoch
        epochs = {number: counts for number, counts in self.epochs.items() if number >= epoch}
        return type(self)(epochs, self.contents[kept], self.epoch[kept], self.leaders.since(day))

    def room(self, n_new: int) -> int:
        """Prompts to make counters for when so many are new: what all together need, and what earlier ones have."""
        known = sum(counts.n_prompts for counts in self.epochs.values())
        return max([_lines_for(known + n_new), *map(_lines, self.epochs.values())]) // LINES_PER_PROMPT

    def all_with(self, counts: PhraseCounts) -> PhraseCounts:
        """Counts of all epochs and of a new day together."""
        for earlier in self.epochs.values():
            counts = _sum(counts, earlier)
        return counts

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same counts, prompts and leaders."""
        if not isinstance(other, PhraseMemory):
            return NotImplemented
        arrays: list[tuple[NDArray[Any], NDArray[Any]]] = [
            (self.contents, other.contents),
            (self.epoch, other.epoch),
            (self.leaders.signature, other.leaders.signature),
            (self.leaders.minhashes, other.leaders.minhashes),
            (self.leaders.rows, other.leaders.rows),
            (self.leaders.day, other.leaders.day),
        ]
        return dict(self.epochs) == dict(other.epochs) and all(np.array_equal(a, b) for a, b in arrays)

    __hash__ = None  # type: ignore[assignment]
