"""What of the forum's life goes into its ledger: what members say, and changes of the roster."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.ledger.book import Event, append_all, forget_about, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.share.access.events import Happened
from stillwatch.signing.keys import SigningKey

__all__ = ["OPERATOR", "LedgerEvents", "kind_of", "ledger_events"]

OPERATOR: Final = "operator"
_SAID: Final = {
    "indicator": Kind.PUBLISH,
    "infrastructure": Kind.NETWORKS,
    "sighting": Kind.SIGHTING,
    "opinion": Kind.OPINION,
    "harvest-rule": Kind.RULE,
    "shadow-answer": Kind.SHADOW_ANSWER,
}
_ENDS: Final = {"delete", "expire"}
_MOST_VERSION: Final = 40
_SEARCHES: Final = {"search-asked", "search-revealed"}
_ROSTER: Final = "member- token- certificate- collection- grant"


def kind_of(event: str, document: Mapping[str, Any]) -> Kind | None:
    """Kind of entry of an event of the forum; None for what need not be proved by itself.

    Of a bundle the objects that say something have an entry, an indicator's networks one of their own: without it they
    could be added to an older indicator unseen, by somebody who has read them elsewhere. Links are found by its id.
    What a member takes back, and what is deleted, is a revocation; that a member's node has withdrawn it is a removal.
    A back-search is a query of the asker's; whom it asked is in the document alone.

    >>> kind_of("publish", {"object": {"type": "indicator", "revoked": True}}).value
    'revoke'
    """
    if event == "delete":
        return Kind.REVOKE
    if event == "removed":
        return Kind.REMOVAL
    if event == "audit":
        return Kind.AUDIT
    if event == "publish":
        told = document.get("object", {})
        kind = _SAID.get(told.get("type", ""))
        return Kind.REVOKE if kind is Kind.PUBLISH and told.get("revoked") is True else kind
    if event in _SEARCHES:
        return Kind.QUERY
    return Kind.ROSTER_CHANGE if event.startswith(tuple(_ROSTER.split())) else None


class LedgerEvents:
    """Listener for the forum's store and roster: entries and a signed head, in the transaction of what happened.

    Of one transaction there is one head, however many publications share it. What is revoked, deleted or long over is
    forgotten in the same transaction: its entries stay and verify, what they commit to is gone. The entry of the end
    itself keeps its document, which holds no content.

    before_forgetting   Takes from the documents what must outlive them.
    """

    def __init__(self, key: SigningKey, before_forgetting: Callable[[Connection], None] | None = None) -> None:
        self._key = key
        self._before_forgetting = before_forgetting

    def __call__(self, event: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401
        """Record one event."""
        self.together([Happened(event, actor, document)], connection)

    def together(self, events: Sequence[Happened], connection: Connection) -> None:
        """Record events in their order: what an event forgets may be of an entry just before it."""
        now, waiting, is_new = datetime.now(UTC), list[Event](), False
        for event in events:
            told = event.document if isinstance(event.document, Mapping) else {"told": event.document}
            ended = _ended(event.kind, told)
            if ended:
                append_all(connection, waiting)
                waiting = []
                self._forget(connection, ended)
            kind = kind_of(event.kind, told)
            if kind is not None:
                is_new = True
                about = _about(event.kind, told)
                waiting.append(Event(kind, event.actor, {"event": event.kind, **told}, now, *about))
        if is_new:
            append_all(connection, waiting)
            sign_head(connection, self._key, now)

    def _forget(self, connection: Connection, ended: Sequence["_Ended"]) -> None:
        if self._before_forgetting is not None:
            self._before_forgetting(connection)
        for about, versions in ended:
            forget_about(connection, about, versions)


_Ended = tuple[str, Sequence[str] | None]


def ledger_events(key: SigningKey, before_forgetting: Callable[[Connection], None] | None = None) -> LedgerEvents:
    """Listener that signs with the forum's key; as `LedgerEvents`."""
    return LedgerEvents(key, before_forgetting)


def _about(event: str, told: Mapping[str, Any]) -> tuple[str, str]:
    """Object that a publication is about, and its version; nothing for other events."""
    made = told.get("object")
    if event != "publish" or not isinstance(made, Mapping):
        return "", ""
    return _name(told, made.get("id")), str(made.get("modified", made.get("created", "")))[:_MOST_VERSION]


def _name(told: Mapping[str, Any], object_id: object) -> str:
    return f"{told.get('collection_id')}/{object_id}"


def _ended(event: str, told: Mapping[str, Any]) -> list[_Ended]:
    """Objects that an event ends, and which versions of each, None for all."""
    made = told.get("object", {})
    if event == "publish" and isinstance(made, Mapping) and made.get("revoked") is True:
        return [(_name(told, made.get("id")), None)]
    if event not in _ENDS:
        return []
    networks: list[_Ended] = [(_name(told, told["networks"]), None)] if "networks" in told else []
    return [(_name(told, told.get("id")), told.get("versions")), *networks]
