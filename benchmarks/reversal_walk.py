"""Text out of phrase counts: walk from word to word along 4-grams that the counter says it has seen.

The counter holds no text. Who has it and a list of words can ask it about any four of them; a language model of public
text says which to ask first. `Oracle` is that attacker's view of the counter.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import PhraseCounts
from stillwatch.sketch._kernels_bits import Int, kernel
from stillwatch.sketch.tokens import tokens_of
from stillwatch.sketch.twins import multiply_fold

__all__ = ["Language", "Oracle", "Words", "fill_of", "follow", "pair_sums", "solve_four", "walk"]

U64 = np.uint64
FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
"""Of the four tokens of a phrase, as `stillwatch.sketch.twins.grams` has them."""
STIR: Final = U64(0xFF51AFD7ED558CCD)
HIGH: Final = U64(38)
STEADY_BITS: Final = 8.0
"""What a count that is twice or half the template's costs: as much as an unlikely word."""
PLACE, FILL_SECRET, MASK = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, (1 << 64) - 1


@kernel
def read_cells(cells: NDArray[np.uint32], base: Int, factor: Int, tokens: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """What the counter reads for a phrase of which all but one token are known, for every token there may be."""
    n_lines = U64(len(cells) // 16)
    found = np.empty(len(tokens), np.uint32)
    for i in range(len(tokens)):
        value = base + tokens[i] * factor
        value = (value ^ value >> U64(32)) * STIR
        gram = value ^ value >> U64(29)
        line = ((gram >> U64(32)) * n_lines >> U64(32)) * U64(16)
        found[i] = min(cells[line + (gram & U64(7))], cells[line + U64(8) + ((gram >> U64(3)) & U64(7))])
    return found


@kernel
def read_grams(cells: NDArray[np.uint32], grams: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """What the counter reads for phrases whose hashes are known."""
    n_lines = U64(len(cells) // 16)
    found = np.empty(len(grams), np.uint32)
    for i in range(len(grams)):
        line = ((grams[i] >> U64(32)) * n_lines >> U64(32)) * U64(16)
        found[i] = min(cells[line + (grams[i] & U64(7))], cells[line + U64(8) + ((grams[i] >> U64(3)) & U64(7))])
    return found


def grams_of(tokens: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes of the 4-grams of one prompt, all numbers alike.

    >>> from stillwatch.sketch import twins
    >>> words = tokens_of("what is the capital of Peru in 1999")[0]
    >>> grams_of(words).tolist() == twins.grams(words.tolist())
    True
    """
    if len(tokens) < 4:
        return np.zeros(0, np.uint64)
    alike = np.where(tokens & U64(3) == 1, U64(1), tokens)
    windows = np.lib.stride_tricks.sliding_window_view(alike, 4)
    value = (windows * FACTORS).sum(axis=1, dtype=np.uint64)
    value = (value ^ value >> U64(32)) * STIR
    return np.asarray(value ^ value >> U64(29))


class Words(NamedTuple):
    """The attacker's list of words.

    text      Words, the most frequent first.
    tokens    Their tokens, uint64.
    place     Index by token.
    """

    text: list[str]
    tokens: NDArray[np.uint64]
    place: dict[int, int]

    @classmethod
    def of(cls, text: Sequence[str]) -> "Words":
        """From words that are one token each; the others are left out."""
        tokens, spans = tokens_of(" ".join(text))
        starts = np.cumsum([0, *(len(word.encode()) + 1 for word in text)])[:-1]
        at = {int(start): i for i, (start, _) in enumerate(spans.tolist())}
        whole = [
            (word, int(tokens[at[int(start)]]))
            for word, start in zip(text, starts, strict=True)
            if int(start) in at and spans[at[int(start)]][1] == start + len(word.encode())
        ]
        return cls(
            [word for word, _ in whole],
            np.array([token for _, token in whole], np.uint64),
            {token: i for i, (_, token) in enumerate(whole)},
        )


class Language:
    """How likely a word follows another in public text: bigrams, backed off to single words; log2."""

    def __init__(self, prompts: Iterable[Sequence[int]], n_words: int) -> None:
        """Learn from prompts as indices of words, -1 for what is no word of the list."""
        single: Counter[int] = Counter()
        follows: dict[int, Counter[int]] = defaultdict(Counter)
        for prompt in prompts:
            single.update(word for word in prompt if word >= 0)
            for one, two in pairwise(prompt):
                if one >= 0 and two >= 0:
                    follows[one][two] += 1
        counts = np.array([single[i] for i in range(n_words)], np.float64)
        self._single: NDArray[np.float64] = np.log2((counts + 0.5) / (counts.sum() + 0.5 * n_words))
        self._follows = {word: (np.array(list(c)), np.array(list(c.values()), float)) for word, c in follows.items()}

    def after(self, word: int) -> NDArray[np.float64]:
        """Log2 probability of every word after this one."""
        if word not in self._follows:
            return self._single
        words, counts = self._follows[word]
        found: NDArray[np.float64] = self._single - 1.0
        known = 0.5 * counts / counts.sum()
        found[words] = np.log2(known + np.exp2(found[words]))
        return found


class Oracle(NamedTuple):
    """The counter and a list of words; `is_blind` leaves the counter unread, to see what the language alone gives."""

    counts: PhraseCounts
    words: Words
    is_blind: bool = False

    def after(self, three: Sequence[int], least: int = 1) -> NDArray[np.bool_]:
        """Words that may follow three words: those the counter has seen behind them at least so often."""
        if self.is_blind:
            return np.ones(len(self.words.tokens), np.bool_)
        return np.asarray(self.reads(three) >= least)

    def reads(self, three: Sequence[int]) -> NDArray[np.uint32]:
        """What the counter reads for three words and every fourth."""
        known = self.words.tokens[list(three)]
        return np.asarray(read_cells(self.counts.cells, (known * FACTORS[:3]).sum(), FACTORS[3], self.words.tokens))


def walk(oracle: Oracle, language: Language, opening: Sequence[int], n_tokens: int, beam: int = 40) -> list[list[int]]:
    """Most likely prompts of `n_tokens` words that begin with these three and hold seen phrases only, best first."""

    def scores(words: list[int]) -> NDArray[np.float64]:
        return np.where(oracle.after(words[-3:]), language.after(words[-1]), -np.inf)

    return _beam(scores, opening, n_tokens, beam)


def follow(oracle: Oracle, language: Language, opening: Sequence[int], n_tokens: int, beam: int = 40) -> list[int]:
    """Most likely template of `n_tokens` words that begins with these four: its phrases keep the count of the first."""
    level = max(1.0, float(oracle.reads(opening[:3])[opening[3]]))

    def scores(words: list[int]) -> NDArray[np.float64]:
        reads = oracle.reads(words[-3:])
        steady = -STEADY_BITS * np.abs(np.log2(np.maximum(reads, 1) / level))
        return np.where(reads >= level / 2, language.after(words[-1]) + steady, -np.inf)

    return next(iter(_beam(scores, opening, n_tokens, beam)), list(opening))


def _beam(
    scores_of: Callable[[list[int]], NDArray[np.float64]], opening: Sequence[int], n_tokens: int, beam: int
) -> list[list[int]]:
    """Word by word, keep the best so many; what goes no further is given as far as it went."""
    states = [(0.0, list(opening))]
    while len(states[0][1]) < n_tokens:
        grown: list[tuple[float, list[int], int]] = []
        for bits, words in states:
            scores = scores_of(words)
            best = np.argpartition(-scores, min(beam, len(scores) - 1))[:beam]
            grown += [(bits + float(scores[w]), words, int(w)) for w in best if np.isfinite(scores[w])]
        if not grown:
            break
        grown.sort(key=lambda state: -state[0])
        states = [(bits, [*words, word]) for bits, words, word in grown[:beam]]
    return [words for _, words in states]


def fill_of(tokens: Sequence[int]) -> int:
    """The column `fill` of a prompt without segments: a sum over its tokens, each at its place."""
    places = ((i + 1) * PLACE & MASK for i in range(len(tokens)))
    return sum(multiply_fold(int(t) ^ place, FILL_SECRET) for t, place in zip(tokens, places, strict=True)) & MASK


def _at_place(tokens: NDArray[np.uint64], place: int) -> NDArray[np.uint64]:
    """What every word adds to `fill` at a place (from 0 on)."""
    return np.array(
        [multiply_fold(int(token) ^ ((place + 1) * PLACE & MASK), FILL_SECRET) for token in tokens], np.uint64
    )


class PairSums(NamedTuple):
    """What every two words add to `fill` at the first two places, ascending, which they are, and what may be there.

    maybe   Whether some sum has these 26 high bits: one look instead of a search for nearly all that are not there.
    """

    sums: NDArray[np.uint64]
    pair: NDArray[np.int64]
    maybe: NDArray[np.bool_]


def pair_sums(words: Words) -> PairSums:
    """Sums of all pairs: the first half of a prompt, met in the middle."""
    sums = np.add.outer(_at_place(words.tokens, 0), _at_place(words.tokens, 1)).ravel()
    order = np.argsort(sums, kind="stable")
    maybe = np.zeros(1 << 26, np.bool_)
    maybe[sums >> HIGH] = True
    return PairSums(sums[order], order, maybe)


def solve_four(words: Words, halves: PairSums, fill: int, n_tokens: int) -> list[tuple[int, ...]]:
    """All prompts of two to four words of the list whose `fill` this is: no candidate prompt is needed."""
    ends = np.zeros(1, np.uint64)
    for place in range(2, n_tokens):
        ends = np.add.outer(ends, _at_place(words.tokens, place)).ravel()
    wanted = U64(fill) - ends
    likely = np.flatnonzero(halves.maybe[wanted >> HIGH])
    at = np.minimum(np.searchsorted(halves.sums, wanted[likely]), len(halves.sums) - 1)
    n, found = len(words.tokens), []
    for hit in np.flatnonzero(halves.sums[at] == wanted[likely]).tolist():
        end = int(likely[hit])
        first, second = divmod(int(halves.pair[at[hit]]), n)
        rest = [int(end // n**power % n) for power in range(n_tokens - 3, -1, -1)]
        found.append((first, second, *rest))
    return found
