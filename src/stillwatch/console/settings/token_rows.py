"""Tokens of gateways and collectors as pages list them: without their hashes, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from stillwatch.service.access.tables import SERVICE_TOKENS
from stillwatch.signing.stamp import time_of

__all__ = ["TokenRow", "n_tokens", "tokens_of"]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token.

    lookup      What it begins with after its prefix; tells it from others of its name, and opens nothing.
    """

    lookup: str
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    ended_at: datetime | None

    def is_expired(self, now: datetime) -> bool:
        """Whether its time has come, though nobody ended it."""
        return self.ended_at is None and self.expires_at is not None and self.expires_at <= now


def n_tokens(connection: Connection, *, ended: bool) -> int:
    """How many there are.

    ended       Those that were ended; else the others.
    """
    return int(connection.execute(select(func.count()).select_from(SERVICE_TOKENS).where(_which(ended))).scalar_one())


def tokens_of(connection: Connection, start: int, most: int, *, ended: bool = False) -> list[TokenRow]:
    """Tokens by name, the newest of a name first.

    ended       Those that were ended; else the others.
    """
    columns = [column for column in SERVICE_TOKENS.c if column.name != "hashed"]
    order = (SERVICE_TOKENS.c.name, SERVICE_TOKENS.c.made_at.desc())
    wanted = select(*columns).where(_which(ended)).order_by(*order).offset(start).limit(most)
    return [_row(row) for row in connection.execute(wanted).mappings()]


def _which(ended: bool) -> Any:  # noqa: ANN401, FBT001 - an expression of SQL
    return SERVICE_TOKENS.c.ended_at.is_not(None) if ended else SERVICE_TOKENS.c.ended_at.is_(None)


def _row(row: Any) -> TokenRow:  # noqa: ANN401 - a row's mapping
    times = {name: row[name] and time_of(row[name]) for name in ("made_at", "expires_at", "ended_at")}
    return TokenRow(**(dict(row) | times | {"scopes": tuple(row["scopes"].split())}))
