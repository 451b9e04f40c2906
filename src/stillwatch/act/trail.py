"""The service's own ledger: what a person or the service changes is recorded in the transaction that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.act.decide.recorder import ACTOR
from stillwatch.act.policy.people import person as spelling
from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.signing.keys import SigningKey

__all__ = ["CUSTOMER", "SERVICE", "Trail", "person"]

SERVICE: Final = "stillwatch"
"""Actor of what the service does by itself."""
CUSTOMER: Final = "customer"
"""Actor of what somebody does who holds a link; which customer it was stands in the document, not in the entry."""
_NO_PERSON: Final = frozenset({SERVICE, CUSTOMER, ACTOR})


@dataclass(frozen=True, slots=True)
class Trail:
    """Records in the ledger and signs its head.

    key     Of the service.
    """

    key: SigningKey

    def record(
        self,
        connection: Connection,
        kind: Kind,
        actor: str,
        document: Mapping[str, Any],
        now: datetime,
        about: str = "",
    ) -> int:
        """Record what happens in this transaction; index of the entry.

        about   What the ledger finds it by; empty for nothing.
        Raises  InvalidInput when the document is no JSON or the actor no pseudonym.
        """
        entry = append(connection, Event(kind, actor, document, now, about))
        sign_head(connection, self.key, now)
        return entry.index


def person(name: str) -> str:
    """Name of a person in its one spelling, as people of policies are named; what the service does is no person's.

    Raises      InvalidInput for anything that cannot stand in the ledger, and for the service's own names.

    >>> person("Bea")
    'bea'
    """
    spelled = spelling(name)
    if spelled in _NO_PERSON:
        message = f"a person must not be named {' or '.join(sorted(_NO_PERSON))}"
        raise InvalidInput(message)
    return spelled
