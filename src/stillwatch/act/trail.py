"""The service's own ledger: what a person or the service changes is recorded in the transaction that changes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.signing.keys import SigningKey

__all__ = ["CUSTOMER", "SERVICE", "Trail", "person"]

SERVICE: Final = "stillwatch"
"""Actor of what the service does by itself."""
CUSTOMER: Final = "customer"
"""Actor of what somebody does who holds a link; which customer it was stands in the document, not in the entry."""
_PERSON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Trail:
    """Records in the ledger and signs its head.

    key     Of the service.
    """

    key: SigningKey

    def record(self, connection: Connection, kind: Kind, actor: str, document: Mapping[str, Any], now: datetime) -> int:
        """Record what happens in this transaction; index of the entry.

        Raises  InvalidInput when the document is no JSON or the actor no pseudonym.
        """
        entry = append(connection, Event(kind, actor, document, now))
        sign_head(connection, self.key, now)
        return entry.index


def person(name: str) -> str:
    """Name of a person as the ledger takes it.

    Raises      InvalidInput for anything but 1 to 64 letters, digits, _ and -, and for names that are no person's.

    >>> person("bea-7")
    'bea-7'
    """
    if not _PERSON.fullmatch(name) or name in {SERVICE, CUSTOMER}:
        message = (
            "a person must be named by 1 to 64 of A-Z a-z 0-9 _ -, "
            f"first a letter or digit, and not {SERVICE} or {CUSTOMER}"
        )
        raise InvalidInput(message)
    return name
