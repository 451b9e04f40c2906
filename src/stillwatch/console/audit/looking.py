"""Entries of the ledger, newest first: by index where a table leads to them, else by looking back, so far at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, or_, select, union_all

from stillwatch.act.audit.trail import Recorded
from stillwatch.console.audit.about import IN_DOCUMENTS, indexes_about, is_indexed
from stillwatch.console.audit.asked import AskedAudit
from stillwatch.console.audit.moments import SLACK, first_at, size_of
from stillwatch.ledger.entry import Entry, Opening
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.signing.stamp import stamp

__all__ = ["LOOK_BACK", "Looked", "look_back", "recorded_of"]

LOOK_BACK: Final = 50_000
"""Entries that one look goes through."""
_CHUNK: Final = 5_000
_LEAST_DIGITS: Final = 8
"""By so many a version of a policy is known."""
_INDEX: Final = ENTRIES.c.index
_LISTED: Final = ENTRIES.alias()


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found.

    before      Where to look on; None when the ledger's beginning was reached.
    n_searched  Entries that were gone through without filling a page; None when a page was filled, or all was seen.
    """

    rows: list[Recorded]
    before: int | None
    n_searched: int | None = None


def look_back(connection: Connection, asked: AskedAudit, most: int) -> Looked:
    """Entries that are asked for, the newest first.

    connection  That sees one state of the database.
    """
    size = size_of(connection)
    low, high = _bounds(connection, asked, size)
    if low >= high:
        return Looked([], None)
    if is_indexed(asked.about):
        return _known(connection, asked, (low, high), most)
    return _searched(connection, asked, (low, high), most)


def recorded_of(connection: Connection, indexes: Sequence[int]) -> list[Recorded]:
    """Entries of these indexes with what they commit to, the newest first."""
    found: list[Recorded] = []
    for start in range(0, len(indexes), _CHUNK):
        here = list(indexes[start : start + _CHUNK])
        openings = {
            row["index"]: Opening(row["salt"], row["document"])
            for row in connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.index.in_(here))).mappings()
        }
        for row in connection.execute(select(ENTRIES).where(_INDEX.in_(here))).mappings():
            entry = Entry.of({name: value for name, value in row.items() if name != "root"})
            found.append(Recorded(entry, openings.get(entry.index)))
    return sorted(found, key=lambda one: -one.entry.index)


def _bounds(connection: Connection, asked: AskedAudit, size: int) -> tuple[int, int]:
    """Indexes between which everything is that is asked for."""
    low, high = 0, size if asked.before is None else min(asked.before, size)
    if asked.starts is not None:
        low = max(0, first_at(connection, stamp(asked.starts), size) - SLACK)
    if asked.ends is not None:
        high = min(high, first_at(connection, stamp(asked.ends), size) + SLACK)
    return low, high


def _known(connection: Connection, asked: AskedAudit, bounds: tuple[int, int], most: int) -> Looked:
    """By the indexes that tables lead to; everything about it is found."""
    ways, numbers = indexes_about(connection, asked.about, asked.name)
    listed = select(_LISTED.c.index).where(_LISTED.c.index.in_(numbers))
    is_about = _INDEX.in_(union_all(listed, *ways))  # one list, so that it is looked up and the ledger not gone through
    found = _indexes(connection, [is_about, *_plain(asked), *_between(*bounds)], most + 1)
    return Looked(recorded_of(connection, found[:most]), found[most - 1] if len(found) > most else None)


def _searched(connection: Connection, asked: AskedAudit, bounds: tuple[int, int], most: int) -> Looked:
    """By going back from the newest, through so many entries; those of one actor are counted alone."""
    low, high = bounds
    floor = _floor(connection, asked, bounds)
    found = _indexes(connection, [*_plain(asked), *_in_documents(asked), *_between(floor, high)], most + 1)
    if len(found) > most:
        return Looked(recorded_of(connection, found[:most]), found[most - 1])
    return Looked(recorded_of(connection, found), floor if floor > low else None, None if floor <= low else LOOK_BACK)


def _floor(connection: Connection, asked: AskedAudit, bounds: tuple[int, int]) -> int:
    """Index down to which this look goes."""
    low, high = bounds
    if not asked.kind and asked.about not in IN_DOCUMENTS:
        return low  # an index leads to what is wanted
    if not asked.actor:
        return max(low, high - LOOK_BACK)
    theirs = select(_INDEX).where(ENTRIES.c.actor == asked.actor, *_between(low, high)).order_by(_INDEX.desc())
    last = connection.execute(theirs.offset(LOOK_BACK - 1).limit(1)).scalar()
    return low if last is None else last


def _indexes(connection: Connection, where: Sequence[ColumnElement[bool]], most: int) -> list[int]:
    wanted = select(_INDEX).where(*where).order_by(_INDEX.desc()).limit(most)
    return list(connection.execute(wanted).scalars())


def _between(low: int, high: int) -> list[ColumnElement[bool]]:
    return [low <= _INDEX, high > _INDEX]


def _plain(asked: AskedAudit) -> list[ColumnElement[bool]]:
    """Conditions on what the entry itself says."""
    wanted: list[tuple[Any, ColumnElement[bool]]] = [
        (asked.kind, ENTRIES.c.kind == asked.kind),
        (asked.actor, ENTRIES.c.actor == asked.actor),
    ]
    found = [condition for told, condition in wanted if told]
    if asked.starts is not None:
        found.append(ENTRIES.c.time >= stamp(asked.starts))
    if asked.ends is not None:
        found.append(ENTRIES.c.time < stamp(asked.ends))
    return found


def _in_documents(asked: AskedAudit) -> list[ColumnElement[bool]]:
    """Conditions on what an entry commits to, for the kinds that are few."""
    if asked.about not in IN_DOCUMENTS:
        return []
    kind, fields = IN_DOCUMENTS[asked.about]
    values = [DOCUMENTS.c.document[field].as_string() for field in fields]
    named = or_(*(value == asked.name for value in values))
    if asked.about == "policy" and len(asked.name) >= _LEAST_DIGITS:
        named = values[0].startswith(asked.name, autoescape=True)
    has = select(DOCUMENTS.c.index).where(DOCUMENTS.c.index == _INDEX, named).exists()
    return [ENTRIES.c.kind == kind.value, has]
