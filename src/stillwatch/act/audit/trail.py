"""The audit trail as people read it: entries with what they commit to, as far as that is kept."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ledger.entry import Entry, Kind, Opening
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES

__all__ = ["Recorded", "recorded", "write_documents"]

_BATCH: Final = 1_000
_PRIVATE: Final = 0o600
_BOTH: Final = select(ENTRIES, DOCUMENTS.c.salt, DOCUMENTS.c.document).join_from(
    ENTRIES, DOCUMENTS, ENTRIES.c.index == DOCUMENTS.c.index, isouter=True
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry.

    opening     Salt and document; None when they were forgotten.
    """

    entry: Entry
    opening: Opening | None

    @property
    def document(self) -> Mapping[str, Any] | None:
        """What the entry commits to; None when it was forgotten."""
        return None if self.opening is None else self.opening.document


def recorded(
    connection: Connection, *, kind: str | None = None, about: str | None = None, last: int | None = None
) -> Iterator[Recorded]:
    """Entries in order.

    kind        Only of this kind.
    about       Only of this decision.
    last        Only so many, the last ones.
    Raises      InvalidInput for a kind that there is not.
    """
    wanted: Select[Any] = _BOTH
    if kind is not None:
        if kind not in set(Kind):
            message = f"kind must be one of {', '.join(Kind)}, got {kind}"
            raise InvalidInput(message)
        wanted = wanted.where(ENTRIES.c.kind == kind)
    if about is not None:
        wanted = wanted.where(DOCUMENTS.c.document["decision_id"].as_string() == about)
    if last is None:
        for row in connection.execute(wanted.order_by(ENTRIES.c.index)).yield_per(_BATCH):
            yield _recorded(row)
    else:
        rows = connection.execute(wanted.order_by(ENTRIES.c.index.desc()).limit(last)).all()
        yield from (_recorded(row) for row in reversed(rows))


def _recorded(row: Row[Any]) -> Recorded:
    told = row._mapping  # noqa: SLF001 - a public name of SQLAlchemy, in spite of its spelling
    entry = Entry.of({column.name: told[column.name] for column in ENTRIES.c if column.name != "root"})
    return Recorded(entry, None if told["salt"] is None else Opening(told["salt"], told["document"]))


def write_documents(connection: Connection, path: Path) -> int:
    """Write what the entries commit to, JSON lines of index, salt and document, for its owner only; how many.

    Raises      UnreadableSource when the file cannot be written, or is there already.
    """
    count = 0
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            for one in recorded(connection):
                if one.opening is not None:
                    told = {"index": one.entry.index, "salt": one.opening.salt.hex(), "document": one.opening.document}
                    file.write(json.dumps(told, separators=(",", ":"), sort_keys=True) + "\n")
                    count += 1
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    return count
