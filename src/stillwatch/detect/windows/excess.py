"""Which words are over-represented in the window: a hint what it holds, for whoever owns both files."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.windows.asked import Asked
from stillwatch.detect.windows.phrases import N_WORDS, name_of
from stillwatch.detect.windows.sets import TextSets
from stillwatch.stats.two_sample import excess_nats

__all__ = ["Excess", "most_in_excess"]

MOST_SHOWN = 20
COVERED = 0.7
"""A piece is left out when so much of its suspect texts have pieces listed before it."""

LEAST_BITS = 6.0


@dataclass(frozen=True, slots=True)
class Excess:
    """One piece of text that the window holds too much of.

    text        At most four words, in small letters.
    n_suspect   Texts of the window that hold it.
    n_benign    Benign texts that do.
    bits        How far from chance this one piece is; among thousands of pieces, ten bits are nothing.
    """

    text: str
    n_suspect: int
    n_benign: int
    bits: float


def most_in_excess(asked: Asked, is_suspect: NDArray[np.bool_], most: int = MOST_SHOWN) -> tuple[Excess, ...]:
    """Pieces of words most in excess, each adding texts to those before; longer ones first among equals."""
    candidates = sorted(
        (c for kind in N_WORDS for c in _candidates(kind, asked.kinds[kind], is_suspect, 10 * most)), reverse=True
    )
    covered = np.zeros(len(is_suspect), np.bool_)
    found: list[Excess] = []
    for bits, _, kind, i in candidates:
        rows = asked.kinds[kind].take(np.array([i])).rows
        mine = rows[is_suspect[rows]]
        if covered[mine].mean() <= COVERED:
            covered[mine] = True
            text = name_of(asked.strings, kind, int(asked.kinds[kind].names[i]))
            found.append(Excess(text, len(mine), len(rows) - len(mine), round(bits, 1)))
        if len(found) == most:
            break
    return tuple(found)


def _candidates(
    kind: str, sets: TextSets, is_suspect: NDArray[np.bool_], most: int
) -> list[tuple[float, int, str, int]]:
    n_marked = np.concatenate([[0], np.cumsum(is_suspect[sets.rows])])
    marked = n_marked[sets.starts[1:]] - n_marked[sets.starts[:-1]]
    bits = excess_nats(marked, sets.sizes, int(is_suspect.sum()), len(is_suspect)) / np.log(2)
    best = np.argsort(-bits, kind="stable")[:most]
    return [(float(bits[i]), N_WORDS[kind], kind, int(i)) for i in best if bits[i] >= LEAST_BITS]
