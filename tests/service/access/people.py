"""A database with the tables of users, for tests of access; argon2 is at work only where a test is about it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, MetaData, select

from stillwatch.act.audit.verify import verify
from stillwatch.act.trail import Trail
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.service.access.roles import Role
from stillwatch.service.access.user_tables import LOGIN_ATTEMPTS, SESSIONS, USERS
from stillwatch.service.access.users import User, Users
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

__all__ = ["NOW", "PASSWORD", "People", "people"]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"  # noqa: S105

T = TypeVar("T")


@dataclass(frozen=True)
class People:
    """Users of one service."""

    engine: Engine
    key: SigningKey

    def do(self, work: Callable[[Connection], T]) -> T:
        """Work in a transaction of its own."""
        with self.engine.begin() as connection:
            return work(connection)

    def users(self, work: Callable[[Users], T], by: str = "alma", now: datetime = NOW) -> T:
        """Change users in a transaction of its own."""
        return self.do(lambda connection: work(Users(connection, Trail(self.key), by, now)))

    def add(self, name: str, *roles: Role) -> User:
        """A user with the password of the tests."""
        return self.users(lambda users: users.add(name, frozenset(roles or {Role.VIEWER}), PASSWORD))

    def told(self) -> list[dict[str, Any]]:
        """What the ledger records, in order, with who did it."""
        both = select(DOCUMENTS.c.document, ENTRIES.c.actor, ENTRIES.c.kind).join_from(
            ENTRIES, DOCUMENTS, ENTRIES.c.index == DOCUMENTS.c.index
        )
        with self.engine.begin() as connection:
            rows = connection.execute(both.order_by(ENTRIES.c.index)).all()
        return [{**row.document, "by": row.actor, "kind": row.kind} for row in rows]

    def n_verified(self) -> int:
        """Entries of the ledger, after all of them were verified, signatures included."""
        return self.do(lambda connection: verify(connection, keys=keys_of([self.key.verify_key]))).ledger.size

    def everything(self) -> str:
        """All that the tables of users hold."""
        with self.engine.begin() as connection:
            rows = [connection.execute(select(table)).all() for table in (USERS, SESSIONS, LOGIN_ATTEMPTS, DOCUMENTS)]
        return repr(rows)


@contextmanager
def people(folder: Path, url: str | None = None) -> Iterator[People]:
    """On a file in a folder, or an empty database."""
    engine = open_database(url or folder / "service.db", MetaData())
    SERVICE_TABLES.create_all(engine)
    try:
        yield People(engine, SigningKey.generate())
    finally:
        engine.dispose()
