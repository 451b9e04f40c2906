"""A service's tokens to test with: their database, a clock, a doorkeeper that can lose its database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, MetaData, text

from stillwatch.act.trail import Trail
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.access.issued import Issue, Scope, end_token, issue_token
from stillwatch.service.access.tables import SERVICE_TOKEN_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.problem import Problem

__all__ = ["NOW", "Made", "made"]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@dataclass
class Made:
    """Tokens, and somebody at the door whose time stands still until it is moved."""

    engine: Engine
    doorkeeper: Doorkeeper
    trail: Trail = field(default_factory=lambda: Trail(SigningKey.generate()))
    now_s: float = NOW.timestamp()

    def issue(self, name: str = "proxy", *scopes: Scope, days: int | None = None) -> str:
        """A token as its holder has it; to decide when nothing is said."""
        ends = None if days is None else NOW + timedelta(days=days)
        with self.engine.begin() as connection:
            issue = Issue(name, frozenset(scopes or [Scope.DECIDE]), "ada", ends)
            return issue_token(connection, self.trail, issue, NOW).text

    def end(self, name: str) -> None:
        """End one, as another process does."""
        with self.engine.begin() as connection:
            end_token(connection, self.trail, name, "ada", NOW)

    def lose(self) -> None:
        """The database is gone for whoever reads tokens."""
        with self.engine.begin() as connection:
            connection.execute(text("ALTER TABLE service_tokens RENAME TO gone"))

    def find(self) -> None:
        """It is there again."""
        with self.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO service_tokens"))

    def status(self, *shown: str, source: str = "192.0.2.1", scope: Scope = Scope.DECIDE) -> int:
        """HTTP status that a call comes to, which shows these in the headers that there are."""
        headers = dict(zip(("x-stillwatch-token", "x-api-key"), shown, strict=False))
        if len(shown) > 2:
            headers["authorization"] = f"Bearer {shown[2]}"
        return asyncio.run(self.call(headers, source, scope))

    async def call(self, headers: dict[str, str], source: str = "192.0.2.1", scope: Scope = Scope.DECIDE) -> int:
        """The same on a loop that runs."""
        try:
            await self.doorkeeper.admit(headers, source, scope)
        except Problem as problem:
            return int(problem.status)
        return 200


@contextmanager
def made(folder: Path, url: str | None = None) -> Iterator[Made]:
    """On a file in a folder, or an empty database."""
    engine = open_database(url or folder / "service.db", MetaData())
    for one in (LEDGER_TABLES, SERVICE_TOKEN_TABLES):
        one.create_all(engine)
    here: list[Made] = []
    doorkeeper = Doorkeeper(engine, lambda: here[0].now_s, lambda: here[0].now_s)
    here.append(Made(engine, doorkeeper))
    try:
        yield here[0]
    finally:
        doorkeeper.close()
        engine.dispose()
