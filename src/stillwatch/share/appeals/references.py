"""References: who has one may ask about its case; who has none learns nothing, not even that there is one."""

import hashlib
import uuid
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final

from sqlalchemy import Column, Connection, delete, select, update

from stillwatch.errors import InvalidInput
from stillwatch.share.appeals.tables import LOOKUPS
from stillwatch.store.conflict import insert_if_new

__all__ = ["MOST_MISSES", "TooMany", "check_misses", "find", "hash_of", "miss", "new_reference"]

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
    """A new reference: a UUID of 122 random bits.

    >>> len(new_reference())
    36
    """
    return str(uuid.uuid4())


def hash_of(filer: str, reference: str) -> str:
    """What is stored of a filer's reference; it has too many bits to need a salt.

    Filers choose their references, so that filing again is no harm: those of two filers must not meet.
    """
    return hashlib.sha256(f"{filer}\0{reference}".encode("utf-8", "surrogatepass")).hexdigest()


def find(
    connection: Connection, columns: tuple[Column[str], Column[str]], ask: tuple[str, str], now: datetime
) -> str | None:
    """Case of a reference, None when there is none or it is somebody else's: both take the same steps.

    columns     What is looked up, and whose it is.
    ask         Caller, and what is looked up.
    Raises  TooMany after 30 misses in one hour.
    """
    caller, told = ask
    check_misses(connection, caller, now)
    wanted = told if told.isascii() and told.isprintable() else ""  # what no engine would take
    key, owner = columns
    fitting = key.table.select().with_only_columns(key.table.c.case_id, key.label("key"), owner.label("owner"))
    row: Any = connection.execute(fitting.where(key == wanted[:_LONGEST])).one_or_none()
    stored, whose = (row.key, row.owner) if row is not None else ("", "")
    is_same = compare_digest(stored.encode(), wanted.encode())
    is_own = compare_digest(whose.encode(), caller.encode())
    if is_same & is_own:
        return str(row.case_id)
    miss(connection, caller, now)
    return None


def _hour(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H")


def check_misses(connection: Connection, caller: str, now: datetime) -> None:
    """Nothing while the caller may look up what it does not know is there.

    Raises  TooMany after 30 misses in one hour.
    """
    here = (LOOKUPS.c.caller == caller) & (LOOKUPS.c.hour == _hour(now))
    misses = connection.execute(select(LOOKUPS.c.misses).where(here)).scalar() or 0
    if misses >= MOST_MISSES:
        left_s = 3600 - now.minute * 60 - now.second
        message = f"{misses} look-ups found nothing this hour, allowed {MOST_MISSES}: ask again in {left_s} s"
        raise TooMany(message, left_s)


def miss(connection: Connection, caller: str, now: datetime) -> None:
    """Count a look-up that found nothing."""
    hour = _hour(now)
    connection.execute(delete(LOOKUPS).where(LOOKUPS.c.hour < hour))
    insert_if_new(connection, LOOKUPS, {"caller": caller, "hour": hour, "misses": 0})
    here = (LOOKUPS.c.caller == caller) & (LOOKUPS.c.hour == hour)
    connection.execute(update(LOOKUPS).where(here).values(misses=LOOKUPS.c.misses + 1))
