"""What of the forum's life goes into its ledger: what members say, and changes of the roster."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.share.ledger.book import Event, append_all, sign_head
from stillwatch.share.ledger.entry import Kind
from stillwatch.share.signing.keys import SigningKey

__all__ = ["OPERATOR", "kind_of", "ledger_events"]

OPERATOR: Final = "operator"
_SAID: Final = {
    "indicator": Kind.PUBLISH,
    "infrastructure": Kind.NETWORKS,
    "sighting": Kind.SIGHTING,
    "opinion": Kind.OPINION,
}
_ROSTER: Final = "member- token- certificate- collection- grant"


def kind_of(event: str, document: Mapping[str, Any]) -> Kind | None:
    """Kind of entry of an event of the forum; None for what need not be proved by itself.

    Of a bundle the objects that say something have an entry, an indicator's networks one of their own: without it they
    could be added to an older indicator unseen, by somebody who has read them elsewhere. Links are found by its id.
    What a member takes back, and what is deleted, is a revocation.

    >>> kind_of("publish", {"object": {"type": "indicator", "revoked": True}}).value
    'revoke'
    """
    if event == "delete":
        return Kind.REVOKE
    if event == "audit":
        return Kind.AUDIT
    if event == "publish":
        told = document.get("object", {})
        kind = _SAID.get(told.get("type", ""))
        return Kind.REVOKE if kind is Kind.PUBLISH and told.get("revoked") is True else kind
    return Kind.ROSTER_CHANGE if event.startswith(tuple(_ROSTER.split())) else None


def ledger_events(key: SigningKey) -> Callable[[str, str, Any, Connection], None]:
    """Listener for the forum's store and roster: an entry and a signed head, in the transaction of what happened."""

    def record(event: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401 - any JSON
        told = document if isinstance(document, Mapping) else {"told": document}
        kind = kind_of(event, told)
        if kind is None:
            return
        now = datetime.now(UTC)
        append_all(connection, [Event(kind, actor, {"event": event, **told}, now)])
        sign_head(connection, key, now)

    return record
