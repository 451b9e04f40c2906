"""Reading a mark in one text or millions: every context counts once over all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from stillwatch.errors import InvalidInput
from stillwatch.model.mark_reader import MarkReader
from stillwatch.trace.leak.seen import Seen

__all__ = ["MOST_CONTEXTS", "Reading", "read", "share_marked"]

MOST_CONTEXTS = 1 << 26
"""Contexts that are remembered unless told otherwise: 1 GiB at most, and as much again for a moment."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a key says of texts taken together.

    texts               Texts read.
    count               Tokens scored, each the first after its context.
    total               Sum of their scores.
    log_p               Natural log of the chance of such a sum in texts made without the key.
    repeats_left_out    Tokens after contexts that had been before.
    beyond_memory       Tokens not looked at, since the memory for contexts was full.
    """

    texts: int
    count: int
    total: float
    log_p: float
    repeats_left_out: int
    beyond_memory: int = 0

    @property
    def mean(self) -> float:
        """Mean score of a token; 0 without tokens."""
        return self.total / self.count if self.count else 0.0


def read(reader: MarkReader, texts: Iterable[ArrayLike], most: int = MOST_CONTEXTS) -> Reading:
    """Read a mark over texts as if they were one, with contexts that are unique over all of them.

    Which tokens are scored depends on the contexts and their order alone, never on the key or the scores. When `most`
    contexts are remembered, the rest is left out and counted: the p-value holds all the same.

    texts       Token ids of each text; they may come from a generator, and are not kept.
    most        Contexts to remember, at least 1; 16 to 32 bytes each.
    Raises      InvalidInput for tokens that are no whole numbers in 0 to 2^32 - 1.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> from stillwatch.trace.readers.ours_gumbel import OursGumbel
    >>> found = read(OursGumbel(derive(bytes(32), Purpose.GLOBAL, "", "e")), [np.arange(50), np.arange(50)])
    >>> found.texts, found.count, found.repeats_left_out
    (2, 46, 46)
    """
    seen = Seen(most)
    read_texts = count = places = 0
    total = 0.0
    for tokens in texts:
        read_texts += 1
        contexts = reader.contexts(np.asarray(tokens))
        first = seen.new(contexts)
        places += contexts.size
        if first.any():
            count += int(first.sum())
            total += float(reader.scores(np.asarray(tokens))[first].sum())
    repeats = places - count - seen.left_out
    return Reading(read_texts, count, total, reader.log_tail(total, count), repeats, seen.left_out)


def share_marked(reading: Reading, null_mean: float, marked_mean: float) -> float:
    """Share of tokens that carry the mark, 0 to 1: where the mean score lies between none and all marked.

    null_mean   Of a token without the mark: the reader's own.
    marked_mean Of a token with it, above `null_mean`: measured on text of the same kind that is known to be marked.

    >>> share_marked(Reading(1, 100, 125.0, -3.0, 0), 1.0, 1.5)
    0.5
    """
    if not null_mean < marked_mean < inf:
        message = f"the mean of marked text must be above the null's {null_mean}, got {marked_mean}"
        raise InvalidInput(message)
    return min(max((reading.mean - null_mean) / (marked_mean - null_mean), 0.0), 1.0) if reading.count else 0.0
