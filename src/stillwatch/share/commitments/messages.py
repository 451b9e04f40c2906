"""The two messages in which a node tells of what it holds: a commitment, and later what of it others have told too."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from stillwatch.share.commitments.holding import HoldingCommitment, Reveal
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.guard.table import REVEALED_MOST, schema_hash
from stillwatch.share.stix.ids import time_text

__all__ = ["REVEALED_MOST", "commitment_message", "reveal_message"]

_MILLISECOND_US: Final = 1000


def commitment_message(commitment: HoldingCommitment, now: datetime) -> Admitted:
    """What a node sends before it reads what others have published."""
    return admit(_head("commitment", now) | {"root": commitment.root, "size": commitment.size}, now=now)


def reveal_message(commitment: int, reveals: Sequence[Reveal], now: datetime) -> Admitted:
    """What a node sends once another has published what it had committed to.

    commitment  Place of the commitment in the ledger.
    Raises      InvalidInput for more than `REVEALED_MOST` reveals, or none.
    """
    items = [{**one.item, "salt": one.salt.hex(), "place": one.place, "path": _path(one)} for one in reveals]
    return admit(_head("reveal", now) | {"commitment": commitment, "items": items}, now=now)


def _path(one: Reveal) -> list[str]:
    return [part.hex() for part in one.path]


def _head(kind: str, now: datetime) -> dict[str, Any]:
    at = now.replace(microsecond=now.microsecond // _MILLISECOND_US * _MILLISECOND_US)
    return {"type": kind, "schema": schema_hash(), "id": str(uuid.uuid4()), "created": time_text(at)}
