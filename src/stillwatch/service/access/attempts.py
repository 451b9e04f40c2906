"""Logins that were begun elsewhere: kept for one browser and one answer, taken out before the answer is looked at."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert

from stillwatch.service.access.sessions import digest_of
from stillwatch.service.access.user_tables import LOGIN_ATTEMPTS
from stillwatch.signing.stamp import stamp

__all__ = ["KeptAttempt", "keep_attempt", "take_attempt"]

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class KeptAttempt:
    """What was kept.

    told    Of the attempt, as it was written.
    target  Page to go on to.
    """

    told: str = field(repr=False)
    target: str


def keep_attempt(connection: Connection, told: str, target: str, now: datetime, lasts: timedelta) -> str:
    """What the browser is to hold meanwhile. Attempts that are over are forgotten."""
    connection.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.made_at < stamp(now - lasts)))
    held = secrets.token_urlsafe(32)
    row = {"digest": digest_of(held), "told": json.dumps({"told": told, "target": target}), "made_at": stamp(now)}
    connection.execute(insert(LOGIN_ATTEMPTS).values(row))
    return held


def take_attempt(connection: Connection, held: str) -> KeptAttempt | None:
    """The attempt of what a browser shows, which nobody can answer a second time; None for none."""
    if not 0 < len(held) <= _LONGEST:
        return None
    here = LOGIN_ATTEMPTS.c.digest == digest_of(held)
    told = connection.execute(delete(LOGIN_ATTEMPTS).where(here).returning(LOGIN_ATTEMPTS.c.told)).scalar()
    return None if told is None else KeptAttempt(**json.loads(told))
