"""What a person has the node say to the others: tell, take back, dispute. Each is on record before it is sent.

The forum is asked by a job beside the pages, in bounded time. What it does not take can be done again: publishing and
revoking twice changes nothing there.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from stillwatch.console.console import Console
from stillwatch.console.sharing.bounded import within
from stillwatch.console.sharing.drafting import Opened, opened_service, signed_body
from stillwatch.console.sharing.drafts import Draft
from stillwatch.console.sharing.out import Ours
from stillwatch.errors import Declined, InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.stix.texts import FalsePositive

if TYPE_CHECKING:
    from stillwatch.share.node.revoking import RevokingDesk
    from stillwatch.share.node.service import Service

__all__ = ["Desk", "dispute", "opened_desk", "publish", "take_back"]

Desk = Callable[[NodeSettings], "AbstractContextManager[RevokingDesk]"]
_MOST_REASONS: Final = 3


def opened_desk(node: NodeSettings) -> "AbstractContextManager[RevokingDesk]":
    """The node's hand at the forum. Whoever is no member need not have the libraries of the exchange."""
    from stillwatch.share.node.revoking import revoking_desk  # noqa: PLC0415 - only where there is a node

    return revoking_desk(node)


def publish(console: Console, node: NodeSettings, draft: Draft, person: str, opened: Opened = opened_service) -> str:
    """Send what was looked at, to the byte; id of the indicator.

    Raises      InvalidInput when it is not whole, or would no longer be the same bytes; Declined when the forum
                refuses a part of it; what asking raises.
    """
    if not draft.may_be_sent:
        message = "this draft is not whole: prepare it again"
        raise InvalidInput(message)
    wished = draft.wished
    about = {"campaign_id": draft.campaign_id, "indicator_id": draft.indicator.indicator_id, "sha256": draft.digest}
    how = {"tlp": wished.tlp, "days": wished.days, "quiet_h": wished.quiet_h, "n_tags": len(draft.indicator.tags)}
    _record(console, Kind.PUBLISH, person, {"event": "telling", **about, **how})

    def send() -> None:
        with opened(node, console.clock()) as service:
            _send(service, draft, console.clock())

    within(send)
    _record(console, Kind.PUBLISH, person, {"event": "told", **about})
    return draft.indicator.indicator_id


def _send(service: "Service", draft: Draft, now: datetime) -> None:
    if any(tag.epoch != service.epoch for tag in draft.indicator.tags):
        message = "an epoch has ended since this was prepared, and its tags with it: prepare it again"
        raise InvalidInput(message)
    if signed_body(service.node, draft.indicator) != draft.body:
        message = "the node has another key or pseudonym than when this was prepared: prepare it again"
        raise InvalidInput(message)
    _check(service.send(service.node.tell(draft.indicator, draft.campaign_id, now)).refused)
    service.trust.reveal(now)


def take_back(console: Console, node: NodeSettings, told: Ours, person: str, desk: Desk = opened_desk) -> None:
    """Revoke an indicator of the member's own, everywhere.

    Raises      MissingData when the node has told no such indicator; Declined when the forum refuses a part of it;
                what asking raises.
    """
    about = {"campaign_id": told.campaign_id, "indicator_id": told.indicator_id}
    _record(console, Kind.REVOKE, person, {"event": "taking-back", **about})

    def send() -> None:
        with desk(node) as opened:
            _check(opened.take_back(told.indicator_id).refused)

    within(send)
    _record(console, Kind.REVOKE, person, {"event": "taken-back", **about})


def dispute(
    console: Console,
    node: NodeSettings,
    indicator_id: str,
    reason: FalsePositive,
    person: str,
    desk: Desk = opened_desk,
) -> None:
    """Tell the others that an indicator of theirs is held to be false, and why; nothing else of the case is told.

    Raises      MissingData when the node holds no such indicator of another member; Declined when the forum refuses
                a part of it; what asking raises.
    """
    about = {"indicator_id": indicator_id, "reason": reason.value}
    _record(console, Kind.OPINION, person, {"event": "disputing", **about})

    def send() -> None:
        with desk(node) as opened:
            told = opened.node.dispute(indicator_id, reason, console.clock())
            _check(opened.taxii.publish(node.collection, told.document()["objects"]).refused)

    within(send)
    _record(console, Kind.OPINION, person, {"event": "disputed", **about})


def _check(refused: Mapping[str, str]) -> None:
    """Nothing when the forum took all.

    Raises      Declined, with the first reasons.
    """
    if refused:
        reasons = "; ".join(sorted(set(refused.values()))[:_MOST_REASONS])
        message = f"the forum refused {len(refused)} objects: {reasons}"
        raise Declined(message[:300])


def _record(console: Console, kind: Kind, person: str, document: Mapping[str, Any]) -> None:
    with console.engine.begin() as connection:
        console.trail.record(connection, kind, person, document, console.clock())
