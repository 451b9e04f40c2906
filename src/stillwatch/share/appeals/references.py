"""References: who has one may ask about its case; who has none learns nothing, not even that there is one."""

import hashlib
import secrets
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, delete, select, update

from stillwatch.errors import InvalidInput
from stillwatch.share.appeals.tables import LOOKUPS
from stillwatch.store.conflict import insert_if_new

__all__ = ["MOST_MISSES", "TooMany", "find", "hash_of", "new_reference"]

MOST_MISSES: Final = 30
"""Look-ups an hour that may find nothing."""
_LONGEST: Final = 64


class TooMany(InvalidInput):
    """A caller asks more often than it may.

    retry_after_s   When it may ask again.
    """

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


def new_reference() -> str:
    """A new reference: 256 random bits.

    >>> len(new_reference())
    43
    """
    return secrets.token_urlsafe(32)


def hash_of(reference: str) -> str:
    """What is stored of a reference; it has too many bits to need a salt."""
    return hashlib.sha256(reference.encode("utf-8", "surrogatepass")).hexdigest()


def find(connection: Connection, table: Table, owner: Column[str], ask: tuple[str, str], now: datetime) -> str | None:
    """Case of a reference, None when there is none or it is somebody else's: both take the same steps.

    owner   Column that says whose reference it is.
    ask     Caller and reference.
    Raises  TooMany after 30 misses in one hour.
    """
    caller, reference = ask
    _check_misses(connection, caller, now)
    wanted = hash_of(reference[:_LONGEST])
    columns = table.c.case_id, table.c.reference_hash, owner.label("owner")
    row: Any = connection.execute(select(*columns).where(table.c.reference_hash == wanted)).one_or_none()
    stored, whose = (row.reference_hash, row.owner) if row is not None else ("", "")
    is_same = compare_digest(stored.encode(), wanted.encode())
    is_own = compare_digest(whose.encode(), caller.encode())
    if is_same & is_own:
        return str(row.case_id)
    _miss(connection, caller, now)
    return None


def _hour(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H")


def _check_misses(connection: Connection, caller: str, now: datetime) -> None:
    here = (LOOKUPS.c.caller == caller) & (LOOKUPS.c.hour == _hour(now))
    misses = connection.execute(select(LOOKUPS.c.misses).where(here)).scalar() or 0
    if misses >= MOST_MISSES:
        left_s = 3600 - now.minute * 60 - now.second
        message = f"{misses} look-ups found nothing this hour, allowed {MOST_MISSES}: ask again in {left_s} s"
        raise TooMany(message, left_s)


def _miss(connection: Connection, caller: str, now: datetime) -> None:
    hour = _hour(now)
    connection.execute(delete(LOOKUPS).where(LOOKUPS.c.hour < hour))
    insert_if_new(connection, LOOKUPS, {"caller": caller, "hour": hour, "misses": 0})
    here = (LOOKUPS.c.caller == caller) & (LOOKUPS.c.hour == hour)
    connection.execute(update(LOOKUPS).where(here).values(misses=LOOKUPS.c.misses + 1))
