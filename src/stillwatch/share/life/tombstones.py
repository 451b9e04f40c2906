"""Tombstones in a database: what was revoked cannot come back, however often it is published again."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, insert, select, update

from stillwatch.errors import InvalidInput
from stillwatch.share.life.versions import RevocationReason, Tombstone, newer

__all__ = ["TOMBSTONE_TABLES", "buried", "bury", "tombstones_since"]

_MOST_CHARACTERS: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ASKED_AT_ONCE: Final = 500

TOMBSTONE_TABLES: Final = MetaData()
_TOMBSTONES: Final = Table(
    "tombstones",
    TOMBSTONE_TABLES,
    Column("indicator_id", String(_MOST_CHARACTERS), primary_key=True),
    Column("revoked_at_us", BigInteger, nullable=False, index=True),
    Column("reason", String(32), nullable=False),
)


def bury(connection: Connection, tombstone: Tombstone) -> bool:
    """Keep a tombstone for ever; True when the indicator had none yet. The earlier one of two is kept.

    Raises      InvalidInput if the id is empty or longer than 64 characters, or the time has no zone.
    """
    if not 0 < len(tombstone.indicator_id) <= _MOST_CHARACTERS or tombstone.revoked_at.tzinfo is None:
        msg = f"a tombstone needs an id of 1 to {_MOST_CHARACTERS} characters and a time with a zone"
        raise InvalidInput(msg)
    known = buried(connection, [tombstone.indicator_id])
    if not known:
        connection.execute(insert(_TOMBSTONES), {"indicator_id": tombstone.indicator_id} | _row(tombstone))
    elif newer(known[0], tombstone) == tombstone != known[0]:
        row = _TOMBSTONES.c.indicator_id == tombstone.indicator_id
        connection.execute(update(_TOMBSTONES).where(row).values(_row(tombstone)))
    return not known


def buried(connection: Connection, indicator_ids: Iterable[str]) -> tuple[Tombstone, ...]:
    """Tombstones of those of the indicators that have one, in the order of their ids."""
    ids = sorted(set(indicator_ids))
    found: list[Tombstone] = []
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        some = _TOMBSTONES.c.indicator_id.in_(ids[start : start + _ASKED_AT_ONCE])
        rows = connection.execute(select(_TOMBSTONES).where(some).order_by(_TOMBSTONES.c.indicator_id))
        found += [_tombstone(row.indicator_id, row.revoked_at_us, row.reason) for row in rows]
    return tuple(found)


def tombstones_since(connection: Connection, since: datetime) -> tuple[Tombstone, ...]:
    """Those of indicators revoked at that time or later, oldest first."""
    late = _TOMBSTONES.c.revoked_at_us >= _microseconds(since)
    ordered = select(_TOMBSTONES).where(late).order_by(_TOMBSTONES.c.revoked_at_us, _TOMBSTONES.c.indicator_id)
    return tuple(_tombstone(row.indicator_id, row.revoked_at_us, row.reason) for row in connection.execute(ordered))


def _row(tombstone: Tombstone) -> dict[str, int | str]:
    return {"revoked_at_us": _microseconds(tombstone.revoked_at), "reason": tombstone.reason.value}


def _tombstone(indicator_id: str, revoked_at_us: int, reason: str) -> Tombstone:
    return Tombstone(indicator_id, _EPOCH + timedelta(microseconds=revoked_at_us), RevocationReason(reason))


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
