"""Others' objects in the node's database: the newest version of each, what ended, and the place in the feed."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.node.matches import replace_matches
from stillwatch.share.node.statements import BODIES, KEEP
from stillwatch.share.node.tables import FINDINGS, OBJECTS, OWN, PLACES, REMOVED
from stillwatch.share.stix.ids import derived_id
from stillwatch.store.conflict import insert_if_new

__all__ = ["FEED", "KEPT", "bury_object", "held_indicator", "is_known", "keep_object", "move_place", "withdraw"]

KEPT = frozenset({"indicator", "infrastructure"})
FEED = "feed"
"""Name of the place in the feed."""


def keep_object(connection: Connection, document: Mapping[str, Any], origin: str) -> None:
    """The newest version; what was revoked stays revoked, whatever comes later."""
    gone = document.get("revoked") is True
    row = {"object_id": document["id"], "type": document["type"], "origin": origin, "modified": document["modified"]}
    connection.execute(KEEP, {**row, "revoked": gone, "body": b"" if gone else orjson.dumps(document)})


def bury_object(connection: Connection, object_id: str, place: str | None) -> None:
    """Drop an object and what came of it; where the feed told it, the forum is to hear that it is gone.

    place   In the feed; None when it was not the feed that told.
    """
    _erase(connection, object_id)
    withdraw(connection, object_id)
    if place is not None and object_id.startswith("indicator--"):
        insert_if_new(connection, REMOVED, {"place": place})


def move_place(connection: Connection, place: str) -> None:
    """Remember the place in the feed."""
    connection.execute(delete(PLACES).where(PLACES.c.name == FEED))
    connection.execute(insert(PLACES).values(name=FEED, place=place))


def _erase(connection: Connection, object_id: str) -> None:
    """Drop the content of an object, one that has not come yet included; an own indicator is not told again."""
    gone = update(OBJECTS).where(OBJECTS.c.object_id == object_id)
    kind, _, own = object_id.partition("--")
    if not connection.execute(gone.values(revoked=True, body=b"")).rowcount and kind in KEPT:
        row = {"object_id": object_id, "type": kind, "origin": "", "modified": "", "revoked": True, "body": b""}
        connection.execute(insert(OBJECTS).values(row))
    connection.execute(update(OWN).where(OWN.c.indicator_id == own).values(revoked=True))


def withdraw(connection: Connection, object_id: str) -> None:
    """A word that was taken back is no reason to look any more; the member's own evidence stays its own."""
    indicator_id = object_id.partition("--")[2]
    connection.execute(update(FINDINGS).where(FINDINGS.c.indicator_id == indicator_id).values(withdrawn=True))
    replace_matches(connection, indicator_id, [])


def is_known(connection: Connection, references: Sequence[str]) -> bool:
    """Whether what is spoken of is an indicator of the node's own, or one that it holds: nothing else is kept."""
    told = [reference.partition("--")[2] for reference in references]
    own = select(OWN.c.indicator_id).where(OWN.c.indicator_id.in_(told))
    held = select(OBJECTS.c.object_id).where(OBJECTS.c.object_id.in_(references), OBJECTS.c.type == "indicator")
    return any(connection.execute(one).first() is not None for one in (own, held))


def held_indicator(connection: Connection, identifier: str) -> Admitted | None:
    """The indicator with its networks as one bundle; None when it is not there, or was taken back."""
    wanted = [identifier, derived_id("infrastructure", identifier.partition("--")[2])]
    objects = [orjson.loads(body) for body in connection.execute(BODIES, {"of_objects": wanted}).scalars()]
    if not any(made["id"] == identifier for made in objects):
        return None
    bundle = {"type": "bundle", "id": derived_id("bundle", identifier), "objects": objects}
    try:
        return admit(bundle)
    except InvalidInput:
        return None
