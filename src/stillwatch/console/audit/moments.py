"""Where in the ledger a time is: entries have no index by time, but they stand in its order, or nearly so."""

from typing import Final

from sqlalchemy import Connection, select

from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, STATE

__all__ = ["SLACK", "first_at", "recorded_at", "size_of"]

SLACK: Final = 1_000
"""Entries by which an entry may stand apart from where its time would put it: of two that record at once, the first to
look at the clock may be the second to write."""
_MOST: Final = 5_000


def size_of(connection: Connection) -> int:
    """Entries of the ledger."""
    return connection.execute(select(STATE.c.size)).scalar() or 0


def first_at(connection: Connection, stamp: str, size: int) -> int:
    """Index of the first entry of that time or later, by halving; `size` when all are earlier.

    stamp       Time, as entries spell it.
    """
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        time = connection.execute(select(ENTRIES.c.time).where(ENTRIES.c.index == middle)).scalar()
        if time is not None and time < stamp:
            low = middle + 1
        else:
            high = middle
    return low


def recorded_at(connection: Connection, stamp: str, kind: Kind, field: str, name: str) -> list[int]:
    """Indexes of entries of exactly that time whose document says so: what was written in one transaction with a row.

    field, name     Of the document.
    """
    start = first_at(connection, stamp, size_of(connection))
    near = ENTRIES.c.index.between(start - SLACK, start + _MOST)
    wanted = (
        select(ENTRIES.c.index)
        .join(DOCUMENTS, DOCUMENTS.c.index == ENTRIES.c.index)
        .where(near, ENTRIES.c.time == stamp, ENTRIES.c.kind == kind.value)
        .where(DOCUMENTS.c.document[field].as_string() == name)
    )
    return list(connection.execute(wanted).scalars())
