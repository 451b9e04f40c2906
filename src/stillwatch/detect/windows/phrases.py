"""Sets of texts that share a piece: a word, two, four in a row, three or five bytes, how they begin and end."""

import numpy as np

from stillwatch.detect.windows._kernels_phrases import (
    BYTES,
    PLACES,
    WORDS,
    Kind,
    find_words,
    pieces_of_rows,
    sets_of_pieces,
)
from stillwatch.detect.windows.sets import LEAST_SIZE, TextSets
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import Strings

__all__ = ["KINDS", "N_WORDS", "all_pieces", "name_of", "pieces"]

KINDS: dict[str, Kind] = {
    "word": (WORDS, 1),
    "two words": (WORDS, 2),
    "four words": (WORDS, 4),
    "three bytes": (BYTES, 3),
    "five bytes": (BYTES, 5),
    "first and last": (PLACES, 1),
}

N_WORDS = {name: width for name, (what, width) in KINDS.items() if what == WORDS}
"""Kinds that can be named again, and how many words they have."""


def all_pieces(strings: Strings, kind: str) -> TextSets:
    """Every piece of a kind with its texts, pieces of a single text as well."""
    return TextSets(*sets_of_pieces(*pieces_of_rows(strings, fold_tables(), KINDS[kind]), 1))


def pieces(everything: TextSets) -> TextSets:
    """Pieces in enough texts to be asked about."""
    return everything.take(np.flatnonzero(everything.sizes >= LEAST_SIZE))


def name_of(strings: Strings, kind: str, bucket: int) -> str:
    """The words of a piece as they stand in the first text that has them, in small letters."""
    row, first, end = find_words(strings, fold_tables(), N_WORDS[kind], bucket)
    begin = strings.offsets[row]
    text = bytes(strings.data[begin + first : begin + end]) if row >= 0 else b""
    return " ".join(text.decode(errors="replace").casefold().split())
