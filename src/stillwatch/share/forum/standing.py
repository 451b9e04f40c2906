"""Where an indicator stands at the forum: who published it, where, and who may have read it there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from stillwatch.share.access.roster import Role
from stillwatch.share.access.tables import GRANTS, MEMBERS
from stillwatch.share.stix.ids import stix_id
from stillwatch.share.taxii.tables import OBJECT, RECORDS

__all__ = ["Standing", "documents_of", "standing_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """An indicator at the forum, deleted or not.

    origin          Pseudonym of who published it.
    published_at    When its first version was stored.
    readers         Who may read a collection that it stands in, whatever their role.
    holders         Those of them who are members: operators and auditors run no node that could hold it.
    """

    origin: str
    published_at: datetime
    collections: tuple[str, ...]
    readers: frozenset[str]
    holders: frozenset[str]


def standing_of(connection: Connection, indicator_id: str) -> Standing | None:
    """Where an indicator stands or stood; None when it was never published."""
    here = select(RECORDS.c.collection_id, RECORDS.c.origin, RECORDS.c.added_us).where(_is(indicator_id))
    rows = connection.execute(here.order_by(RECORDS.c.sequence)).all()
    if not rows:
        return None
    collections = tuple(dict.fromkeys(row.collection_id for row in rows))
    granted = (
        select(GRANTS.c.member_id, MEMBERS.c.role)
        .join(MEMBERS, MEMBERS.c.member_id == GRANTS.c.member_id)
        .where(GRANTS.c.collection_id.in_(collections), GRANTS.c.can_read.is_(True), MEMBERS.c.revoked_s.is_(None))
    )
    found = connection.execute(granted).all()
    return Standing(
        rows[0].origin,
        _EPOCH + timedelta(microseconds=rows[0].added_us),
        collections,
        frozenset(row.member_id for row in found),
        frozenset(row.member_id for row in found if row.role == Role.MEMBER.value),
    )


def documents_of(connection: Connection, object_id: str) -> list[Mapping[str, Any]]:
    """All versions of an object that are still there, in all collections."""
    there = select(RECORDS.c.document).where(RECORDS.c.object_id == object_id, RECORDS.c.document.is_not(None))
    return [orjson.loads(document) for document in connection.execute(there).scalars()]


def _is(indicator_id: str) -> Any:  # noqa: ANN401 - a condition of the table
    return (RECORDS.c.object_id == stix_id("indicator", indicator_id)) & (RECORDS.c.kind == OBJECT)
