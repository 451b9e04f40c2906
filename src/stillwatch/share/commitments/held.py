"""Tags as items of a holding, and what the two messages about them say, once a guard has passed them."""

from collections.abc import Mapping
from typing import Any

from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.holding import HoldingCommitment, Reveal

__all__ = ["item_of", "read_commitment", "read_reveal", "tag_of"]


def item_of(tag: Tag) -> dict[str, Any]:
    """The tag as a holding holds it.

    >>> tag_of(item_of(Tag(SignalKind.TLS, 1, "a" * 64))).kind.value
    'tls'
    """
    return {"kind": tag.kind.value, "epoch": tag.epoch, "value": tag.value}


def tag_of(item: Mapping[str, Any]) -> Tag:
    """The tag of such an item."""
    return Tag(SignalKind(item["kind"]), item["epoch"], item["value"])


def read_commitment(told: Mapping[str, Any], member_id: str) -> HoldingCommitment:
    """Commitment of a message that the guard has passed, of the member who is logged in."""
    return HoldingCommitment(member_id, told["root"], told["size"])


def read_reveal(told: Mapping[str, Any]) -> tuple[int, list[Reveal]]:
    """Place of the commitment, and what is revealed of it, of a message that the guard has passed."""
    return told["commitment"], [_reveal(item) for item in told["items"]]


def _reveal(told: Mapping[str, Any]) -> Reveal:
    item = {name: told[name] for name in ("kind", "epoch", "value")}
    return Reveal(item, bytes.fromhex(told["salt"]), told["place"], tuple(map(bytes.fromhex, told["path"])))
