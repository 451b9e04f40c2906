"""A user's sessions, as the user may see and end them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from stillwatch.service.access.sessions import Lasting
from stillwatch.service.access.user_tables import SESSIONS
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["MOST", "OwnSession", "end_others", "sessions_of"]

MOST: Final = 50
"""How many are shown."""


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session that goes on.

    ends_at     Whatever happens in it; earlier when nothing does.
    is_this     The one that asks.
    """

    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    is_this: bool
    digest: str = field(repr=False)


def sessions_of(connection: Connection, name: str, now: datetime, lasting: Lasting, this: str) -> list[OwnSession]:
    """Sessions of a user that go on, the last one seen first.

    this        Digest of the one that asks.
    """
    goes_on = (SESSIONS.c.ends_at > stamp(now)) & (SESSIONS.c.seen_at >= stamp(now - lasting.idle))
    wanted = select(SESSIONS).where(SESSIONS.c.name == name, goes_on).order_by(SESSIONS.c.seen_at.desc()).limit(MOST)
    rows = connection.execute(wanted).mappings()
    return [
        OwnSession(
            time_of(row["made_at"]),
            time_of(row["seen_at"]),
            time_of(row["ends_at"]),
            row["digest"] == this,
            row["digest"],
        )
        for row in rows
    ]


def end_others(connection: Connection, name: str, this: str) -> int:
    """End every session of a user but one; how many there were."""
    return connection.execute(delete(SESSIONS).where(SESSIONS.c.name == name, SESSIONS.c.digest != this)).rowcount
