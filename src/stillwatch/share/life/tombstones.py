"""Tombstones: what is left of a revoked indicator, for ever, and nothing of its content."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, select

from stillwatch.errors import InvalidInput
from stillwatch.signing.stamp import STAMP_CHARACTERS, stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["TOMBSTONES", "TOMBSTONE_TABLES", "Cause", "Tombstone", "bury", "tombstone_of", "tombstones"]

_MOST_CHARACTERS: Final = 64
_MOST: Final = 1000

TOMBSTONE_TABLES: Final = MetaData()
TOMBSTONES: Final = Table(
    "tombstones",
    TOMBSTONE_TABLES,
    Column("indicator_id", String(_MOST_CHARACTERS), primary_key=True),
    Column("cause", String(32), nullable=False),
    Column("published_at", String(STAMP_CHARACTERS), nullable=False),
    Column("revoked_at", String(STAMP_CHARACTERS), nullable=False),
    Column("entry", Integer, nullable=False, index=True),
)


class Cause(StrEnum):
    """Why an indicator was revoked; a closed list, so that it tells of nobody."""

    APPEAL = "appeal"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a revoked indicator.

    cause       An appeal was upheld; its originator took it back; it was deleted at the forum without either.
    entry       Of the ledger; -1: none yet.
    """

    indicator_id: str
    cause: Cause
    published_at: datetime
    revoked_at: datetime
    entry: int = -1


def bury(connection: Connection, tombstone: Tombstone) -> bool:
    """Keep a tombstone; True when the indicator had none yet. The first one stays, whatever follows.

    Raises      InvalidInput if the id is empty or longer than 64 characters, or a time has no zone.
    """
    if not 0 < len(tombstone.indicator_id) <= _MOST_CHARACTERS:
        message = f"an indicator's id must have 1 to {_MOST_CHARACTERS} characters, got {len(tombstone.indicator_id)}"
        raise InvalidInput(message)
    row: dict[str, object] = {
        "indicator_id": tombstone.indicator_id,
        "cause": tombstone.cause.value,
        "published_at": stamp(tombstone.published_at),
        "revoked_at": stamp(tombstone.revoked_at),
        "entry": tombstone.entry,
    }
    return insert_if_new(connection, TOMBSTONES, row)


def tombstone_of(connection: Connection, indicator_id: str) -> Tombstone | None:
    """Tombstone of an indicator; None while it stands."""
    row = connection.execute(select(TOMBSTONES).where(TOMBSTONES.c.indicator_id == indicator_id)).one_or_none()
    return None if row is None else _read(row)


def tombstones(connection: Connection, after: int = -1, most: int = _MOST) -> list[Tombstone]:
    """Tombstones in the ledger's order, from behind an entry on: what a member that was away has to remove."""
    later = select(TOMBSTONES).where(TOMBSTONES.c.entry > after).order_by(TOMBSTONES.c.entry).limit(most)
    return [_read(row) for row in connection.execute(later)]


def _read(row: Any) -> Tombstone:  # noqa: ANN401 - a row of the table
    return Tombstone(row.indicator_id, Cause(row.cause), time_of(row.published_at), time_of(row.revoked_at), row.entry)
