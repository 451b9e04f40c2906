"""Shingles of a suspect's records and of a background's texts, numbered, for one pass over the index."""

from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.trace.served._kernels_join import fill, find
from stillwatch.trace.served.secret import IndexSecret
from stillwatch.trace.served.shingles import placed_shingles

__all__ = ["Pool", "Texts", "texts_of"]

_BATCH: Final = 2048


class Texts(NamedTuple):
    """Shingles of many texts in their order.

    ids       Name of each text.
    values    Keyed hashes, uint64.
    places    Token that each begins at, int32.
    rows      Text of each, int64, ascending.
    """

    ids: list[str]
    values: NDArray[np.uint64]
    places: NDArray[np.int32]
    rows: NDArray[np.int64]


def texts_of(records: Iterable[tuple[str, str]], secret: IndexSecret) -> Texts:
    """Shingles of records, read in batches; the texts are not kept.

    records    Id and text.

    >>> texts_of([("r1", "too short"), ("r2", "")], IndexSecret(bytes(16))).values.tolist()
    []
    """
    ids: list[str] = []
    values, places, rows = [np.empty(0, np.uint64)], [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    arriving = iter(records)
    while batch := list(islice(arriving, _BATCH)):
        placed = placed_shingles(pa.array([text for _, text in batch], pa.large_string()), secret)
        rows.append(np.repeat(np.arange(len(ids), len(ids) + len(batch)), np.diff(placed.offsets)))
        values.append(placed.values)
        places.append(placed.places)
        ids += [name for name, _ in batch]
    return Texts(ids, np.concatenate(values), np.concatenate(places), np.concatenate(rows))


class Pool:
    """Suspect and background as one list of records, so that both are treated alike.

    A shingle counts once in a text. In the suspect it counts once in all, for the first record that holds it: copies
    add nothing. Texts of the background each count for themselves, which can only make chance look larger.

    n_suspect    Records of the suspect; they come first.
    numbers      Number of each shingle that counts, int32.
    places       Token that each begins at, int32.
    rows         Record of each, int64, ascending.
    n_numbers    Distinct shingles.
    """

    def __init__(self, keys: NDArray[np.uint64], slots: NDArray[np.int32], found: Texts, n_suspect: int) -> None:
        self._keys, self._slots = keys, slots
        numbers = np.empty(len(found.values), np.int32)
        self.n_numbers = int(fill(keys, slots, found.values, numbers))
        owner = np.where(found.rows < n_suspect, 0, found.rows)
        _, first = np.unique(owner * max(self.n_numbers, 1) + numbers, return_index=True)
        first.sort()
        self.ids, self.n_suspect = found.ids, n_suspect
        self.numbers, self.places, self.rows = numbers[first], found.places[first], found.rows[first]

    @classmethod
    def of(cls, suspect: Texts, background: Texts) -> Self:
        """Both together."""
        n = len(suspect.ids)
        both = Texts(
            suspect.ids + background.ids,
            np.concatenate([suspect.values, background.values]),
            np.concatenate([suspect.places, background.places]),
            np.concatenate([suspect.rows, background.rows + n]),
        )
        size = 1 << max(2 * len(both.values), 16).bit_length()
        return cls(np.zeros(size, np.uint64), np.zeros(size, np.int32), both, n)

    def numbers_of(self, values: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Number of each shingle, -1 for those that no record has."""
        found = np.empty(len(values), np.int32)
        find(self._keys, self._slots, values, found)
        return found
