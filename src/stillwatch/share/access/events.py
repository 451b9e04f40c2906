"""Tell a listener of what happened in one transaction: together where it takes them so, else one by one."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from sqlalchemy import Connection

from stillwatch.share.access.roster import OnEvent

__all__ = ["Happened", "OnEvents", "tell_all"]


class Happened(NamedTuple):
    """One event: its kind, who did it, and the document that says what."""

    kind: str
    actor: str
    document: Any


@runtime_checkable
class OnEvents(Protocol):
    """A listener that does once for a transaction what costs as much for one event as for many."""

    def together(self, events: Sequence[Happened], connection: Connection) -> None:
        """Take note of events, in their order; when it raises, nothing has happened."""


def tell_all(on_event: OnEvent | OnEvents, events: Sequence[Happened], connection: Connection) -> None:
    """Tell of events in their order, inside the transaction that they are of."""
    if isinstance(on_event, OnEvents):
        on_event.together(events, connection)
        return
    for event in events:
        on_event(event.kind, event.actor, event.document, connection)
