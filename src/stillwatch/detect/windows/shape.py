"""Sets of texts of one shape: alike in length, in kinds of characters, in script, or asking for training data."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.windows._kernels_shape import N_SHAPES, shapes_of_rows
from stillwatch.detect.windows.sets import LEAST_SIZE, TextSets, sets_of_masks, slices_of
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.sketch._kernels_elicitation import prompt_rows
from stillwatch.sketch.elicitation import default_phrases
from stillwatch.sketch.folding import SCRIPTS, fold_tables
from stillwatch.sketch.strings import Strings

__all__ = ["N_SHAPES", "shape_sets"]

PARTS = (4, 8, 16, 32)
TAILS = (1 / 64, 1 / 32, 1 / 16)


def shape_sets(strings: Strings) -> TextSets:
    """Bins and tails of every shape, scripts, and classes of elicitation marks."""
    return sets_of_masks([*_bins(shapes_of_rows(strings, fold_tables())), *_marks(strings)])


def _bins(shapes: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    for values in shapes.T:
        yield from slices_of(values, PARTS)
        for share in TAILS:
            yield from _worth(values <= np.quantile(values, share))
            yield from _worth(values >= np.quantile(values, 1 - share))


def _marks(strings: Strings) -> Iterator[NDArray[np.int64]]:
    found = prompt_rows(strings, fold_tables(), default_phrases())
    for bit in range(len(ELICITATION_CLASSES)):
        yield from _worth(found.elicitation >> bit & 1 == 1)
    for script in range(len(SCRIPTS)):
        yield from _worth(found.script == script)


def _worth(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """The rows, unless these are too few or all."""
    rows = np.flatnonzero(mask)
    if LEAST_SIZE <= len(rows) < len(mask):
        yield rows
