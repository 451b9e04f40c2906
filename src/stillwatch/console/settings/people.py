"""Users as the pages list them: with how they log in and when they were seen last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from stillwatch.service.access.roles import Role
from stillwatch.service.access.sessions import Lasting
from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.service.access.users import User, user_named
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["Person", "is_last_admin", "n_people", "people_of", "person_named"]

_LIVING: Final = USERS.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and what is known of the user's sessions.

    n_sessions  That go on now.
    seen_at     In the last session that is still known; None when there is none.
    """

    user: User
    n_sessions: int = 0
    seen_at: datetime | None = None


def n_people(connection: Connection, *, ended: bool) -> int:
    """How many users there are.

    ended       Those who were ended; else those who may log in.
    """
    wanted = select(func.count()).select_from(USERS).where(~_LIVING if ended else _LIVING)
    return int(connection.execute(wanted).scalar_one())


def people_of(
    connection: Connection, rows: tuple[int, int], now: datetime, lasting: Lasting, *, ended: bool = False
) -> list[Person]:
    """Users by name.

    rows        The first one wanted, from 0, and how many.
    ended       Those who were ended; else those who may log in.
    """
    start, most = rows
    wanted = select(USERS.c.name).where(~_LIVING if ended else _LIVING).order_by(USERS.c.name)
    names = list(connection.execute(wanted.offset(start).limit(most)).scalars())
    known = _sessions(connection, names, now, lasting)
    return [Person(user_named(connection, name), *known.get(name, ())) for name in names]


def person_named(connection: Connection, name: str, now: datetime, lasting: Lasting) -> Person:
    """One user, also one who was ended.

    Raises      MissingData when there is none.
    """
    return Person(user_named(connection, name), *_sessions(connection, [name], now, lasting).get(name, ()))


def is_last_admin(connection: Connection, name: str) -> bool:
    """Whether nobody but this user administers."""
    wanted = select(USERS.c.name).where(_LIVING, USERS.c.roles.contains(Role.ADMIN.value)).limit(2)
    return list(connection.execute(wanted).scalars()) == [name]


def _sessions(
    connection: Connection, names: list[str], now: datetime, lasting: Lasting
) -> dict[str, tuple[int, datetime]]:
    goes_on = case((_goes_on(now, lasting), 1), else_=0)
    wanted = select(SESSIONS.c.name, func.sum(goes_on), func.max(SESSIONS.c.seen_at))
    rows: Any = connection.execute(wanted.where(SESSIONS.c.name.in_(names)).group_by(SESSIONS.c.name))
    return {name: (int(n), time_of(seen_at)) for name, n, seen_at in rows}


def _goes_on(now: datetime, lasting: Lasting) -> ColumnElement[bool]:
    return (SESSIONS.c.ends_at > stamp(now)) & (SESSIONS.c.seen_at >= stamp(now - lasting.idle))
