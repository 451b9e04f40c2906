"""Exchanges before they are written out: one row each, all in small whole numbers, no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import IntArray

__all__ = ["DRAFT_COLUMNS", "Draft", "merge"]

DRAFT_COLUMNS: Mapping[str, tuple[Any, float]] = {
    "time_us": (np.int64, 0),
    "account": (np.int32, 0),
    "end_user": (np.int32, -1),
    "session": (np.int32, -1),
    "conversation": (np.int32, -1),
    "turn": (np.int16, 1),
    "lead": (np.int32, 0),
    "body": (np.int32, 0),
    "middle": (np.int32, 0),
    "extra": (np.int32, 0),
    "tail": (np.int32, 0),
    "system": (np.int32, 0),
    "build": (np.int32, 0),
    "setting": (np.int16, 0),
    "model": (np.int8, 0),
    "network": (np.int32, 0),
    "host": (np.uint32, 0),
    "tools": (np.bool_, 0),
    "length": (np.float32, 1),
    "population": (np.int16, 0),
    "campaign": (np.int16, -1),
    "entity": (np.int32, -1),
}
"""Column -> (type, default). `lead` ... `tail`, `system` point into the library, 0 is the empty text; `length` scales
the answer; `campaign` is -1 when legitimate."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Columns of `DRAFT_COLUMNS`, all of one length."""

    columns: dict[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, n_rows: int, **values: npt.ArrayLike) -> "Draft":
        """Fill `n_rows` from arrays or single values; what is not given takes its default.

        >>> len(Draft.of(3, account=[4, 5, 6], turn=2))
        3
        """
        unknown = values.keys() - DRAFT_COLUMNS.keys()
        if unknown:
            raise KeyError(*unknown)
        return cls(
            {
                name: np.broadcast_to(np.asarray(values.get(name, default)), (n_rows,)).astype(kind)
                for name, (kind, default) in DRAFT_COLUMNS.items()
            }
        )

    @classmethod
    def concat(cls, drafts: Sequence["Draft"]) -> "Draft":
        """All rows of `drafts`, in that order."""
        if not drafts:
            return cls.of(0)
        return cls({name: np.concatenate([d.columns[name] for d in drafts]) for name in DRAFT_COLUMNS})

    def __len__(self) -> int:
        """Rows."""
        return len(self.columns["time_us"])

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """One column."""
        return self.columns[name]

    def take(self, rows: IntArray) -> "Draft":
        """The given rows, in the given order."""
        return Draft({name: values[rows] for name, values in self.columns.items()})

    def reorder(self, rows: IntArray) -> None:
        """Put the rows in another order, in place: one column at a time is held twice."""
        for name in DRAFT_COLUMNS:
            self.columns[name] = self.columns[name][rows]


def merge(drafts: list[Draft]) -> Draft:
    """All rows of `drafts`, in that order; the drafts are used up, so that one column at a time is held twice.

    >>> len(merge([Draft.of(2), Draft.of(1)]))
    3
    """
    if not drafts:
        return Draft.of(0)
    return Draft({name: np.concatenate([d.columns.pop(name) for d in drafts]) for name in DRAFT_COLUMNS})
