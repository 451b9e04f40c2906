"""What members made of the canaries, as it stands in the forum's own store: no member is asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, func, select

from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.access.tables import GRANTS, MEMBERS
from stillwatch.share.drills.canary import Reaction
from stillwatch.share.drills.tables import DRILL_ACCOUNTS
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import stix_id, uuid_of
from stillwatch.share.taxii.tables import OBJECT, RECORDS, REMOVALS, TOMBSTONE

__all__ = ["Echo", "echoes_of", "reactions_to", "readers_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Echo:
    """An object of another member that carries a tag of a canary: by itself nobody can have it.

    gone_us     When it was revoked or deleted; None: it stands.
    """

    member_id: str
    indicator_id: str
    object_id: str
    echoed_us: int
    gone_us: int | None = None


def readers_of(connection: Connection, collection_id: str) -> list[str]:
    """Members that may read a collection; the forum's own accounts are none, nor are operator and auditors."""
    own = select(DRILL_ACCOUNTS.c.member_id)
    rows = (
        select(MEMBERS.c.member_id)
        .join(GRANTS, GRANTS.c.member_id == MEMBERS.c.member_id)
        .where(GRANTS.c.collection_id == collection_id, GRANTS.c.can_read, MEMBERS.c.revoked_s.is_(None))
        .where(MEMBERS.c.role == "member", MEMBERS.c.member_id.not_in(own))
        .order_by(MEMBERS.c.member_id)
    )
    return list(connection.execute(rows).scalars())


def reactions_to(connection: Connection, drill: Row[Any]) -> list[Reaction]:
    """One reaction of each reader of the collection to each canary, as things stand.

    drill       Row of `DRILLS`.
    """
    answers: dict[tuple[str, str], SightingAnswer] = {}
    disputes: dict[tuple[str, str], int] = {}
    for row in _objects(connection, drill, "sighting", "opinion"):
        told = orjson.loads(row.document)
        name = told["sighting_of_ref"] if row.type == "sighting" else told["object_refs"][0]
        at = row.origin, uuid_of(name, "indicator") or ""
        if row.type == "sighting":
            answers[at] = SightingAnswer.SEEN if told["count"] else SightingAnswer.LOOKED_NOT_SEEN
        else:
            disputes.setdefault(at, row.added_us)
    echoes = defaultdict(list)
    for echo in echoes_of(connection, drill):
        echoes[echo.member_id, echo.indicator_id].append(echo)
    removed = _removed(connection, drill)
    ids = drill.statement["indicators"]
    return [
        Reaction(
            *at,
            answer=answers.get(at),
            disputed_at=_moment(disputes.get(at)),
            echoed_at=_moment(min((echo.echoed_us for echo in echoes[at]), default=None)),
            removed_at=_moment(_gone([removed.get(at), *(echo.gone_us for echo in echoes[at])])),
        )
        for at in ((member, one) for member in readers_of(connection, drill.collection_id) for one in ids)
    ]


def echoes_of(connection: Connection, drill: Row[Any]) -> list[Echo]:
    """Echoes that stand, and those that stood when the drill was closed."""
    owner = {tag: name for name, tags in drill.tags.items() for tag in tags}
    found: dict[tuple[str, str], Echo] = {}
    for member_id, name, object_id, echoed_us in drill.echoes:
        found[object_id, name] = Echo(member_id, name, object_id, echoed_us)
    for row in _objects(connection, drill, "indicator", "infrastructure"):
        if row.origin != drill.account:
            for name in {owner[tag] for tag in _tags(orjson.loads(row.document)) if tag in owner}:
                found.setdefault((row.object_id, name), Echo(row.origin, name, row.object_id, row.added_us))
    gone = _ended(connection, drill, {object_id for object_id, _ in found})
    return [
        Echo(one.member_id, one.indicator_id, one.object_id, one.echoed_us, gone.get(one.object_id))
        for one in found.values()
    ]


def _objects(connection: Connection, drill: Row[Any], *types: str) -> Iterable[Row[Any]]:
    """Objects of these types that came after the canaries, in order."""
    late = (RECORDS.c.collection_id == drill.collection_id, RECORDS.c.added_us >= drill.planted_us)
    shown = (RECORDS.c.kind == OBJECT, RECORDS.c.type.in_(types), RECORDS.c.document.is_not(None))
    return connection.execute(select(RECORDS).where(*late, *shown).order_by(RECORDS.c.sequence)).yield_per(500)


def _tags(document: Mapping[str, Any]) -> list[str]:
    tags = document.get("extensions", {}).get(EXTENSION, {}).get("tags", [])
    return [str(tag["value"]) for tag in tags]


def _ended(connection: Connection, drill: Row[Any], object_ids: Iterable[str]) -> dict[str, int]:
    """When each of these objects was first deleted or revoked."""
    found: dict[str, int] = {}
    for object_id in object_ids:
        there = (RECORDS.c.collection_id == drill.collection_id, RECORDS.c.object_id == object_id)
        for row in connection.execute(select(RECORDS).where(*there).order_by(RECORDS.c.sequence)):
            is_over = row.kind == TOMBSTONE or (row.document and orjson.loads(row.document).get("revoked") is True)
            if is_over:
                found.setdefault(object_id, row.added_us)
    return found


def _removed(connection: Connection, drill: Row[Any]) -> dict[tuple[str, str], int]:
    """When each member's node said first that it had withdrawn a canary."""
    names = {stix_id("indicator", one): one for one in drill.statement["indicators"]}
    told = (
        select(REMOVALS.c.member_id, RECORDS.c.object_id, func.min(REMOVALS.c.removed_us).label("at_us"))
        .join(RECORDS, RECORDS.c.sequence == REMOVALS.c.sequence)
        .where(RECORDS.c.collection_id == drill.collection_id, RECORDS.c.object_id.in_(names))
        .group_by(REMOVALS.c.member_id, RECORDS.c.object_id)
    )
    return {(row.member_id, names[row.object_id]): row.at_us for row in connection.execute(told)}


def _gone(times: Iterable[int | None]) -> int | None:
    """The last of the times; None as long as one is missing."""
    found = list(times)
    return None if None in found else max(time for time in found if time is not None)


def _moment(at_us: int | None) -> datetime | None:
    return None if at_us is None else _EPOCH + timedelta(microseconds=at_us)
