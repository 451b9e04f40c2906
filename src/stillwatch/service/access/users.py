"""The people who use the console: made, changed and ended by a person, on the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, select, update

from stillwatch.act.trail import Trail, person
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.entry import Kind
from stillwatch.service.access.passwords import hash_password, is_password
from stillwatch.service.access.roles import Right, Role, rights_of, roles_of
from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = [
    "Elsewhere",
    "User",
    "Users",
    "user_named",
    "user_of_subject",
    "user_with_password",
    "users_of",
]

_LIVING: Final = USERS.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Who somebody is at another provider of identities."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class User:
    """A user of the console.

    elsewhere   Where the user logs in; None for whoever has a password here.
    ended_at    None for whoever may log in.
    """

    name: str
    roles: frozenset[Role]
    made_at: datetime
    made_by: str
    elsewhere: Elsewhere | None = None
    ended_at: datetime | None = None
    has_password: bool = field(default=False)

    @cached_property
    def rights(self) -> frozenset[Right]:
        """All that the user may do."""
        return rights_of(self.roles)


@dataclass(frozen=True, slots=True)
class Users:
    """Changes to users, in the caller's transaction; each is an entry of the ledger.

    by      Person who makes it.
    """

    connection: Connection
    trail: Trail
    by: str
    now: datetime

    def add(
        self, name: str, roles: frozenset[Role], password: str | None = None, elsewhere: Elsewhere | None = None
    ) -> User:
        """A new user, who logs in by a password or elsewhere.

        Raises      InvalidInput for a name that was given before, or a password that is none.
        """
        who, by = person(name), person(self.by)
        if (password is None) == (elsewhere is None):
            message = "a user must have a password, or log in elsewhere"
            raise InvalidInput(message)
        row: dict[str, Any] = {
            "name": who,
            "roles": _written(roles),
            "hashed": None if password is None else hash_password(password, who),
            "issuer": None if elsewhere is None else elsewhere.issuer,
            "subject": None if elsewhere is None else elsewhere.subject,
            "made_at": stamp(self.now),
            "made_by": by,
            "ended_at": None,
        }
        if not insert_if_new(self.connection, USERS, row):
            message = f"there is, or was, a user named {who}, or of the same account elsewhere; take another name"
            raise InvalidInput(message)
        self._record("user-added", who, {"roles": row["roles"]})
        return user_named(self.connection, who)

    def set_roles(self, name: str, roles: frozenset[Role]) -> User:
        """Give a user other roles; they count from the next request on.

        Raises      InvalidInput when the last admin would be none; MissingData for nobody who may log in.
        """
        if Role.ADMIN not in roles:
            self._keep_an_admin_beside(name)
        self._change(name, {"roles": _written(roles)})
        self._record("user-changed", name, {"roles": _written(roles)})
        return user_named(self.connection, name)

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; whoever was logged in as the user must log in again.

        Raises      InvalidInput for a password that is none; MissingData when the user does not log in here.
        """
        user = user_named(self.connection, name)
        if not user.has_password:
            message = f"{name} logs in elsewhere and has no password here"
            raise MissingData(message)
        self._change(name, {"hashed": hash_password(password, name)})
        self.connection.execute(delete(SESSIONS).where(SESSIONS.c.name == name))
        self._record("user-password", name, {})

    def end(self, name: str) -> User:
        """Let a user in no more, at once.

        Raises      InvalidInput for the last admin, without whom nobody could let anybody in.
        """
        user_named(self.connection, name)
        self._keep_an_admin_beside(name)
        self._change(name, {"ended_at": stamp(self.now)})
        self.connection.execute(delete(SESSIONS).where(SESSIONS.c.name == name))
        self._record("user-ended", name, {})
        return user_named(self.connection, name)

    def _keep_an_admin_beside(self, name: str) -> None:
        """Refuse what would leave no admin; of two who end each other at once the second is told."""
        living = select(USERS.c.name, USERS.c.roles).where(_LIVING).order_by(USERS.c.name).with_for_update()
        admins = [row.name for row in self.connection.execute(living) if Role.ADMIN in row.roles.split()]
        if admins == [name]:
            message = f"{name} is the last admin: make another one first"
            raise InvalidInput(message)

    def _check_admins(self, name: str) -> None:
        """Refuse to leave a console without an admin; of two who try at once the second waits for the first."""
        self.connection.execute(select(USERS.c.name).with_for_update()).all()
        admins = [one.name for one in users_of(self.connection) if Role.ADMIN in one.roles and one.ended_at is None]
        if admins == [name]:
            message = f"{name} is the last admin: make another one first"
            raise InvalidInput(message)

    def _change(self, name: str, values: Mapping[str, Any]) -> None:
        changed = update(USERS).where(USERS.c.name == name, _LIVING).values(**values)
        if not self.connection.execute(changed).rowcount:
            message = f"no user is called {name[:64]}"
            raise MissingData(message)

    def _record(self, what: str, name: str, told: Mapping[str, Any]) -> None:
        self.trail.record(
            self.connection, Kind.ROSTER_CHANGE, person(self.by), {"what": what, "user": name, **told}, self.now
        )


def _written(roles: frozenset[Role]) -> str:
    return " ".join(sorted(roles_of(roles)))


def users_of(connection: Connection) -> list[User]:
    """All users, also those who were ended, by name."""
    return [_user(row) for row in connection.execute(select(USERS).order_by(USERS.c.name)).mappings()]


def user_named(connection: Connection, name: str) -> User:
    """A user, also one who was ended.

    Raises      MissingData when there is none.
    """
    row = connection.execute(select(USERS).where(USERS.c.name == name)).mappings().first()
    if row is None:
        message = f"no user is called {name[:64]}"
        raise MissingData(message)
    return _user(row)


def user_with_password(connection: Connection, name: str, password: str) -> User | None:
    """The user of that name and password; None when there is none, after the same work."""
    row = connection.execute(select(USERS).where(USERS.c.name == name.strip().lower()[:64], _LIVING)).mappings().first()
    is_right = is_password(password, None if row is None else row["hashed"])
    return _user(row) if row is not None and is_right else None


def user_of_subject(connection: Connection, elsewhere: Elsewhere) -> User | None:
    """The user who logs in elsewhere as that one; None when there is none, or it was ended."""
    here = (USERS.c.issuer == elsewhere.issuer) & (USERS.c.subject == elsewhere.subject) & _LIVING
    row = connection.execute(select(USERS).where(here)).mappings().first()
    return None if row is None else _user(row)


def _user(row: RowMapping) -> User:
    return User(
        name=row["name"],
        roles=frozenset(Role(name) for name in row["roles"].split()),
        made_at=time_of(row["made_at"]),
        made_by=row["made_by"],
        elsewhere=Elsewhere(row["issuer"], row["subject"]) if row["issuer"] else None,
        ended_at=time_of(row["ended_at"]) if row["ended_at"] else None,
        has_password=row["hashed"] is not None,
    )
