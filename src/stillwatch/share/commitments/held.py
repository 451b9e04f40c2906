"""Tags as items of a holding, and the two messages in which a node tells of them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.holding import HoldingCommitment, Reveal
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.guard.table import REVEALED_MOST, schema_hash
from stillwatch.share.stix.ids import time_text

__all__ = [
    "REVEALED_MOST",
    "commitment_message",
    "item_of",
    "read_commitment",
    "read_reveal",
    "reveal_message",
    "tag_of",
]

_MILLISECOND_US: Final = 1000


def item_of(tag: Tag) -> dict[str, Any]:
    """The tag as a holding holds it.

    >>> tag_of(item_of(Tag(SignalKind.TLS, 1, "a" * 64))).kind.value
    'tls'
    """
    return {"kind": tag.kind.value, "epoch": tag.epoch, "value": tag.value}


def tag_of(item: Mapping[str, Any]) -> Tag:
    """The tag of such an item."""
    return Tag(SignalKind(item["kind"]), item["epoch"], item["value"])


def commitment_message(commitment: HoldingCommitment, now: datetime) -> Admitted:
    """What a node sends before it reads what others have published."""
    return admit(_head("commitment", now) | {"root": commitment.root, "size": commitment.size}, now=now)


def read_commitment(told: Mapping[str, Any], member_id: str) -> HoldingCommitment:
    """Commitment of a message that the guard has passed, of the member who is logged in."""
    return HoldingCommitment(member_id, told["root"], told["size"])


def reveal_message(commitment: int, reveals: Sequence[Reveal], now: datetime) -> Admitted:
    """What a node sends once another has published what it had committed to.

    commitment  Place of the commitment in the ledger.
    Raises      InvalidInput for more than `REVEALED_MOST` reveals, or none.
    """
    items = [{**one.item, "salt": one.salt.hex(), "place": one.place, "path": _path(one)} for one in reveals]
    return admit(_head("reveal", now) | {"commitment": commitment, "items": items}, now=now)


def read_reveal(told: Mapping[str, Any]) -> tuple[int, list[Reveal]]:
    """Place of the commitment, and what is revealed of it, of a message that the guard has passed."""
    return told["commitment"], [_reveal(item) for item in told["items"]]


def _reveal(told: Mapping[str, Any]) -> Reveal:
    item = {name: told[name] for name in ("kind", "epoch", "value")}
    return Reveal(item, bytes.fromhex(told["salt"]), told["place"], tuple(map(bytes.fromhex, told["path"])))


def _path(one: Reveal) -> list[str]:
    return [part.hex() for part in one.path]


def _head(kind: str, now: datetime) -> dict[str, Any]:
    at = now.replace(microsecond=now.microsecond // _MILLISECOND_US * _MILLISECOND_US)
    return {"type": kind, "schema": schema_hash(), "id": str(uuid.uuid4()), "created": time_text(at)}
