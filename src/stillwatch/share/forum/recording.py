"""What of the forum's life goes into its ledger: what members say, and changes of the roster."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.share.access.events import Happened
from stillwatch.share.ledger.book import Event, append_all, sign_head
from stillwatch.share.ledger.entry import Kind
from stillwatch.share.signing.keys import SigningKey

__all__ = ["OPERATOR", "LedgerEvents", "kind_of", "ledger_events"]

OPERATOR: Final = "operator"
_SAID: Final = {"indicator": Kind.PUBLISH, "sighting": Kind.SIGHTING, "opinion": Kind.OPINION}
_ROSTER: Final = "member- token- certificate- collection- grant"


def kind_of(event: str, document: Mapping[str, Any]) -> Kind | None:
    """Kind of entry of an event of the forum; None for what need not be proved by itself.

    Of a bundle the object that says something has an entry: its networks and links are found by its id. What a member
    takes back, and what is deleted, is a revocation.

    >>> kind_of("publish", {"object": {"type": "indicator", "revoked": True}}).value
    'revoke'
    """
    if event == "delete":
        return Kind.REVOKE
    if event == "publish":
        told = document.get("object", {})
        kind = _SAID.get(told.get("type", ""))
        return Kind.REVOKE if kind is Kind.PUBLISH and told.get("revoked") is True else kind
    return Kind.ROSTER_CHANGE if event.startswith(tuple(_ROSTER.split())) else None


class LedgerEvents:
    """Listener for the forum's store and roster: entries and a signed head, in the transaction of what happened.

    Of one transaction there is one head, however many publications share it.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def __call__(self, event: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401
        """Record one event."""
        self.together([Happened(event, actor, document)], connection)

    def together(self, events: Sequence[Happened], connection: Connection) -> None:
        """Record events in their order."""
        now = datetime.now(UTC)
        found = [entry for event in events if (entry := _entry_of(event, now)) is not None]
        if found:
            append_all(connection, found)
            sign_head(connection, self._key, now)


def ledger_events(key: SigningKey) -> LedgerEvents:
    """Listener that signs with the forum's key."""
    return LedgerEvents(key)


def _entry_of(event: Happened, now: datetime) -> Event | None:
    told = event.document if isinstance(event.document, Mapping) else {"told": event.document}
    kind = kind_of(event.kind, told)
    return None if kind is None else Event(kind, event.actor, {"event": event.kind, **told}, now)
