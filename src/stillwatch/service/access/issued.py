"""Tokens that were issued: to whom, for what, until when; issued and ended by a person, on the record."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from stillwatch.act.trail import Trail, person
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.entry import Kind
from stillwatch.service.access.tables import SERVICE_TOKENS
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.web.tokens import Token, fresh_token, hash_secret

__all__ = ["PREFIX", "Issue", "Issued", "Scope", "end_token", "issue_token", "issued_tokens"]

PREFIX: Final = "sws"
"""What the service's tokens begin with."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Scope(StrEnum):
    """What a token may be shown for."""

    COLLECT = "collect"
    DECIDE = "decide"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Issue:
    """A token that is to be.

    name        Of whoever will show it; it stands in logs.
    expires_at  None for never.
    by          Person who issues it.
    """

    name: str
    scopes: frozenset[Scope]
    by: str
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse names that could be taken for something else, and tokens that open nothing."""
        if not _NAME.fullmatch(self.name):
            message = "a token's name must be 1 to 64 of a-z 0-9 _ -, and start with a letter or digit"
            raise InvalidInput(message)
        if not self.scopes:
            message = f"a token must have a scope of {', '.join(Scope)}"
            raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as the service knows it: without its secret.

    hashed      Argon2's.
    """

    lookup: str
    name: str
    scopes: frozenset[Scope]
    hashed: str
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    ended_at: datetime | None

    def is_alive(self, now: datetime) -> bool:
        """Whether it opens anything at that time."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


def issue_token(connection: Connection, trail: Trail, issue: Issue, now: datetime) -> Token:
    """A token, whose secret is known to nobody but the caller.

    Raises      InvalidInput when there is one of that name that has not been ended, or its end is in the past.
    """
    by = person(issue.by)
    if issue.expires_at is not None and issue.expires_at <= now:
        message = "a token must not expire before it is issued"
        raise InvalidInput(message)
    token = fresh_token(PREFIX)
    ends = None if issue.expires_at is None else stamp(issue.expires_at)
    told = {"lookup": token.lookup, "name": issue.name, "scopes": " ".join(sorted(issue.scopes))}
    row = told | {"hashed": hash_secret(token), "made_at": stamp(now), "made_by": by, "expires_at": ends}
    try:
        with connection.begin_nested():
            connection.execute(insert(SERVICE_TOKENS).values(row))
    except IntegrityError as error:
        message = f"there is a token of the name {issue.name}; end it first, or give the new one another name"
        raise InvalidInput(message) from error
    trail.record(connection, Kind.ROSTER_CHANGE, by, told | {"what": "token-issued", "expires_at": ends}, now)
    return token


def end_token(connection: Connection, trail: Trail, name: str, by: str, now: datetime) -> Issued:
    """End the token of that name; services notice within a second.

    Raises      MissingData when there is none that has not been ended.
    """
    by = person(by)
    ended = (
        update(SERVICE_TOKENS)
        .where(SERVICE_TOKENS.c.name == name, SERVICE_TOKENS.c.ended_at.is_(None))
        .values(ended_at=stamp(now))
        .returning(*SERVICE_TOKENS.c)
    )
    row = connection.execute(ended).mappings().first()
    if row is None:
        message = f"no token is called {name[:64]!r}; stillwatch token list names them"
        raise MissingData(message)
    told = {"what": "token-ended", "lookup": row["lookup"], "name": name}
    trail.record(connection, Kind.ROSTER_CHANGE, by, told, now)
    return _issued(row)


def issued_tokens(connection: Connection, *, ended: bool = False) -> tuple[Issued, ...]:
    """Tokens by name.

    ended   Those that were ended too.
    """
    chosen = select(SERVICE_TOKENS).order_by(SERVICE_TOKENS.c.name, SERVICE_TOKENS.c.made_at)
    if not ended:
        chosen = chosen.where(SERVICE_TOKENS.c.ended_at.is_(None))
    return tuple(map(_issued, connection.execute(chosen).mappings()))


def _issued(row: Any) -> Issued:  # noqa: ANN401 - a row's mapping
    times = {name: row[name] and time_of(row[name]) for name in ("made_at", "expires_at", "ended_at")}
    return Issued(**(dict(row) | times | {"scopes": _scopes(row["scopes"].split())}))


def _scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Scopes of a row; one that a newer version has added opens nothing here."""
    return frozenset(Scope(name) for name in names if name in set(Scope))
