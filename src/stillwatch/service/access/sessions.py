"""Sessions of the console: kept in the database, so that ending a user or a session counts at the next request.

The browser holds 256 random bits, the database their SHA-256: whoever reads the database can log in as nobody.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.service.access.users import User, user_named
from stillwatch.signing.stamp import stamp, time_of

__all__ = [
    "Lasting",
    "Session",
    "begin_session",
    "digest_of",
    "end_session",
    "end_sessions_of",
    "is_living",
    "leave_word",
    "note_seen",
    "session_of",
    "take_word",
]

_SEEN_EVERY: Final = timedelta(minutes=1)
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts.

    idle        Without a request.
    whole       Whatever happens in it.
    """

    idle: timedelta = timedelta(hours=2)
    whole: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in.

    digest      SHA-256 of what the browser holds, 64 hexadecimal digits.
    has_word    Something waits to be shown on the next page.
    """

    user: User
    digest: str = field(repr=False)
    made_at: datetime
    ends_at: datetime
    has_word: bool = False


def begin_session(connection: Connection, user: User, now: datetime, lasting: Lasting) -> str:
    """What the browser is to hold. Sessions that are over are forgotten meanwhile."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at < stamp(now)))
    held = secrets.token_urlsafe(32)
    at = stamp(now)
    row = {"digest": digest_of(held), "name": user.name, "made_at": at, "seen_at": at, "said": None}
    connection.execute(insert(SESSIONS).values(row | {"ends_at": stamp(now + lasting.whole)}))
    return held


def session_of(connection: Connection, held: str, now: datetime, lasting: Lasting) -> tuple[Session, bool] | None:
    """The session of what a browser shows, and whether it is to be noted as seen; None when it is over, or none."""
    if not 0 < len(held) <= _LONGEST:
        return None
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.digest == digest_of(held))).mappings().first()
    if row is None:
        return None
    seen_at, ends_at = time_of(row["seen_at"]), time_of(row["ends_at"])
    if now >= ends_at or now - seen_at > lasting.idle:
        return None
    user = user_named(connection, row["name"])
    if user.ended_at is not None:
        return None
    session = Session(user, row["digest"], time_of(row["made_at"]), ends_at, row["said"] is not None)
    return session, now - seen_at > _SEEN_EVERY


def note_seen(connection: Connection, digest: str, now: datetime) -> None:
    """Note that somebody is still there."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(seen_at=stamp(now)))


def end_session(connection: Connection, digest: str) -> None:
    """Log out."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest))


def end_sessions_of(connection: Connection, name: str) -> int:
    """Log a user out everywhere; how many sessions there were."""
    return connection.execute(delete(SESSIONS).where(SESSIONS.c.name == name)).rowcount


def leave_word(connection: Connection, digest: str, said: str) -> None:
    """What the next page is to show."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(said=said))


def take_word(connection: Connection, digest: str) -> str | None:
    """What waits to be shown, once."""
    said = connection.execute(select(SESSIONS.c.said).where(SESSIONS.c.digest == digest)).scalar()
    if said is not None:
        connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(said=None))
    return said


def is_living(connection: Connection) -> bool:
    """Whether anybody can log in at all."""
    return connection.execute(select(USERS.c.name).where(USERS.c.ended_at.is_(None)).limit(1)).first() is not None


def digest_of(held: str) -> str:
    """SHA-256 of what a browser holds, 64 hexadecimal digits."""
    return hashlib.sha256(held.encode(errors="replace")).hexdigest()
