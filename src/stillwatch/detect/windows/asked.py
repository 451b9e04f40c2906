"""Everything the test asks about a pool of texts. Labels are not known here: which texts are suspect plays no part."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.windows.phrases import KINDS, all_pieces, pieces
from stillwatch.detect.windows.sets import TextSets, joined, thinned, without_twins
from stillwatch.detect.windows.shape import shape_sets
from stillwatch.detect.windows.topics import nearness, neighbour_sets, novelty_sets, rarity, vectors_of
from stillwatch.model.progress import Progress
from stillwatch.sketch.strings import Strings, strings_of
from stillwatch.stats.two_sample import RowSets

__all__ = ["PARTS", "Asked", "ask"]

PARTS: tuple[str, ...] = ("words", "phrases", "characters", "places", "shape", "novelty", "neighbours")
"""What the sets of a part have in common; each part has its own p-value."""

PART_OF: dict[str, str] = {
    "word": "words",
    "two words": "words",
    "four words": "phrases",
    "three bytes": "characters",
    "five bytes": "characters",
    "first and last": "places",
}

_VECTORS_FROM = ("word", "five bytes")
_RARITY_FROM = ("word", "two words", "three bytes", "five bytes")


class Asked(NamedTuple):
    """Sets of a pool of texts.

    strings        The texts.
    kinds          Pieces by kind, as they are asked about.
    sets           All sets.
    part           Part of each stratum, an index into PARTS.
    """

    strings: Strings
    kinds: dict[str, TextSets]
    sets: RowSets
    part: NDArray[np.int64]


def ask(texts: list[str], rng: np.random.Generator, on_progress: Progress) -> Asked:
    """Find the sets of a pool of texts, whose order should be random."""
    strings, n_rows = strings_of(pa.array(texts, pa.large_string())), len(texts)
    kinds: dict[str, TextSets] = {}
    measures, vectors = [], []
    for done, kind in enumerate(KINDS):
        on_progress("read texts", done, len(KINDS))
        everything = all_pieces(strings, kind)
        if kind in _RARITY_FROM:
            measures.append(rarity(everything, n_rows))
        frequent = pieces(everything)
        if kind in _VECTORS_FROM and len(frequent.names):
            vectors.append(vectors_of(frequent, n_rows, rng))
        kinds[kind] = thinned(without_twins(frequent, n_rows), rng)
    near = [nearness(each, rng) for each in vectors]
    novel = novelty_sets(np.concatenate([*measures, *(found.alone for found in near)], axis=1), rng)
    on_progress("read texts", len(KINDS), len(KINDS))
    balls = [sets for found in near for sets in neighbour_sets(found)]
    sets, part = joined(_in_order(kinds, shape_sets(strings), novel, balls))
    return Asked(strings, kinds, sets, part)


def _in_order(
    kinds: dict[str, TextSets], shapes: TextSets, novel: TextSets, balls: list[TextSets]
) -> Iterator[tuple[int, TextSets, bool]]:
    yield from ((PARTS.index(PART_OF[kind]), sets, True) for kind, sets in kinds.items())
    yield PARTS.index("shape"), shapes, False
    yield PARTS.index("novelty"), novel, False
    yield from ((PARTS.index("neighbours"), sets, False) for sets in balls)
