"""What stands on record about something, each document proved under a head that the service has signed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ledger.entry import Entry, Opening, is_of
from stillwatch.ledger.head import Head
from stillwatch.ledger.latest import latest_head
from stillwatch.ledger.proofs import inclusion_paths
from stillwatch.ledger.tables import ABOUT, DOCUMENTS, ENTRIES
from stillwatch.ledger.verification import is_included
from stillwatch.signing.keys import Keys

__all__ = ["proved_about"]

_CHUNK: Final = 500
_WANTED: Final = (
    select(ABOUT.c.about, ENTRIES, DOCUMENTS.c.salt, DOCUMENTS.c.document)
    .join_from(ABOUT, ENTRIES, ABOUT.c.index == ENTRIES.c.index)
    .join(DOCUMENTS, DOCUMENTS.c.index == ENTRIES.c.index)
    .where(ABOUT.c.about.in_(bindparam("names", expanding=True)))
    .order_by(ENTRIES.c.index)
)


def proved_about(connection: Connection, names: Sequence[str], keys: Keys) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and document of every entry about these that is in the ledger of the last head, and of no other.

    It reads what it needs, not the ledger: O(log n) hashes an entry.

    connection  That sees one state of the database.
    names       As `Event.about` told them.
    keys        Who may have signed heads.
    """
    signed = latest_head(connection, keys)
    if signed is None:
        return
    for start in range(0, len(names), _CHUNK):
        rows = connection.execute(_WANTED, {"names": list(names[start : start + _CHUNK])}).all()
        yield from _proved(connection, rows, signed.head)


def _proved(connection: Connection, rows: Sequence[Row[Any]], head: Head) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = [(row, entry) for row in rows if (entry := _entry(row)) is not None and entry.index < head.size]
    try:
        paths = inclusion_paths(connection, [entry.index for _, entry in entries], head.size)
    except (InvalidInput, UnreadableSource):  # the tree itself is damaged: nothing can be proved
        return
    for (row, entry), path in zip(entries, paths, strict=True):
        if is_included(entry.leaf, entry.index, head.size, path, head.root):
            yield row.about, row.document


def _entry(row: Row[Any]) -> Entry | None:
    """Entry of a row whose document is what it commits to."""
    told = row._mapping  # noqa: SLF001 - a public name of SQLAlchemy, in spite of its spelling
    try:
        entry = Entry.of({column.name: told[column.name] for column in ENTRIES.c if column.name != "root"})
        return entry if is_of(entry, Opening(row.salt, row.document)) else None
    except (InvalidInput, UnreadableSource):  # no entry, no canonical JSON, no salt: it was never committed to
        return None
