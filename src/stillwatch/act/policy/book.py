"""Policies in a database: rows that are signed, and each change an entry of the ledger in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from stillwatch.errors import FailedProof
from stillwatch.ledger.book import Event, append, head, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.signature import MEMBER, signed, verify_signed

__all__ = ["Signer", "highest", "next_number", "opened_row"]


@dataclass(frozen=True, slots=True)
class Signer:
    """The service's key, and who uses it now.

    by      Person, as `person` spells it.
    """

    key: SigningKey
    by: str
    now: datetime

    @property
    def keys(self) -> Keys:
        """Who may have signed what is there: the service alone."""
        return {self.key.key_id: self.key.verify_key}

    def record(self, connection: Connection, what: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Sign a row's document and enter it into the ledger; the signed document.

        what    What happened: version, preview, approval or activation; no row can be taken for one of another table.
        """
        told = signed({**document, "what": what}, self.key)
        event = {name: value for name, value in told.items() if name != MEMBER}
        append(connection, Event(Kind.POLICY, self.by, event, self.now))
        sign_head(connection, self.key, self.now)
        return told


def opened_row(told: object, what: str, keys: Keys) -> dict[str, Any]:
    """Document of a row.

    Raises      FailedProof when it was changed, or is of another table.
    """
    if not isinstance(told, Mapping) or told.get("what") != what:
        message = f"a row of the database must be a signed {what}"
        raise FailedProof(message)
    verify_signed(told, keys)
    return {name: value for name, value in told.items() if name not in {MEMBER, "what"}}


def highest(connection: Connection, table: Table) -> int:
    """Highest number of a table; 0 when it is empty."""
    return connection.execute(select(func.max(table.c.number))).scalar() or 0


def next_number(connection: Connection, table: Table, now: datetime) -> int:
    """Number of the next row; nobody else can take it until the transaction ends, because the ledger is held."""
    head(connection, now)
    return highest(connection, table) + 1
