"""What a canary is made like: indicators that stand in the collection, mixed, so that it is a copy of none of them."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from random import Random
from typing import Final

import orjson
from sqlalchemy import Connection, select

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.indicator import Behaviour, Indicator
from stillwatch.share.drills.canary import canary
from stillwatch.share.guard.admit import admit
from stillwatch.share.stix.ids import derived_id, uuid_of
from stillwatch.share.stix.read import read_indicator
from stillwatch.share.taxii.tables import OBJECT, RECORDS

__all__ = ["likeness", "templates_in"]

_LOOKED_AT: Final = 200
_HOURS: Final = 168
_TOGETHER: Final = frozenset({"elicitation", "capabilities"})
"""What techniques follow from: apart they would contradict one another."""


def templates_in(connection: Connection, collection_id: str) -> list[Indicator]:
    """Indicators of a collection whose tags are of its newest epoch, out of the 200 that came last.

    Raises      MissingData when there is none: a canary that is like nothing would be known at once.
    """
    there = (RECORDS.c.collection_id == collection_id, RECORDS.c.kind == OBJECT, RECORDS.c.document.is_not(None))
    newest = select(RECORDS.c.object_id).where(*there, RECORDS.c.type == "indicator")
    names = connection.execute(newest.order_by(RECORDS.c.sequence.desc()).limit(_LOOKED_AT)).scalars().all()
    found = [one for name in dict.fromkeys(names) if (one := _indicator(connection, name, there)) is not None]
    epoch = max((tag.epoch for one in found for tag in one.tags), default=None)
    fitting = [one for one in found if any(tag.epoch == epoch for tag in one.tags)]
    if not fitting:
        message = "a drill needs an indicator with tags in the collection, whose like its canaries can be"
        raise MissingData(message)
    return [replace(one, tags=tuple(tag for tag in one.tags if tag.epoch == epoch)) for one in fitting]


def _indicator(connection: Connection, name: str, there: Sequence[object]) -> Indicator | None:
    """Newest version with its networks; None when it was revoked, or cannot be read."""
    objects = []
    for one in (name, derived_id("infrastructure", uuid_of(name, "indicator") or "")):
        versions = select(RECORDS.c.document).where(*there, RECORDS.c.object_id == one)  # type: ignore[arg-type]
        document = connection.execute(versions.order_by(RECORDS.c.version_us.desc()).limit(1)).scalar()
        objects += [] if document is None else [orjson.loads(document)]
    if not objects or any(made.get("revoked") for made in objects):
        return None
    try:
        return read_indicator(admit({"type": "bundle", "id": derived_id("bundle", name), "objects": objects}))
    except InvalidInput:
        return None


def likeness(templates: Sequence[Indicator], now: datetime, random: Random) -> Indicator:
    """A canary: marking, counts of tags and what is asked for are one template's, how it asks is any's, part by part.

    Its hours are moved, so that its profile is nobody's to the hour.

    random      The operating system's generator but in tests: nobody may foresee a canary.
    """
    like = random.choice(templates)
    names = [one.name for one in fields(Behaviour) if one.name not in _TOGETHER]
    parts = {name: getattr(random.choice(templates).behaviour, name) for name in names}
    hours = random.randrange(1, _HOURS)
    parts["week"] = (*parts["week"][hours:], *parts["week"][:hours])
    return replace(canary(like, now, random), behaviour=replace(like.behaviour, **parts))
