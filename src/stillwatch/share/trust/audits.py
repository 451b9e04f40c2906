"""What the forum's operator found of indicators afterwards, and the grades that follow from it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.errors import MissingData
from stillwatch.model.indicator import SignalKind, SourceGrade, Tag
from stillwatch.share.stix.ids import uuid_of
from stillwatch.share.trust.operations import operations
from stillwatch.share.trust.places import PUBLISHED, TAGS, objects_of
from stillwatch.share.trust.posterior import Audited, AuditOutcome, posterior, source_grade
from stillwatch.share.trust.records import audits_of, record_audit

__all__ = ["audit", "grades_of", "is_seen"]

_NO_TAGS: Final[frozenset[Tag]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Published:
    """What of an indicator ties it to others of its originator."""

    indicator_id: str
    group_id: str
    tags: frozenset[Tag]


def audit(
    connection: Connection, indicator_id: str, outcome: AuditOutcome, kinds: Collection[SignalKind], now: datetime
) -> Mapping[str, Any]:
    """Record what was found of an indicator; what was recorded, for the ledger.

    Operations are worked out anew, of all that its originator has published: what has grown together since counts as
    one operation in the older audits too.

    kinds       Kinds of signals that were judged; none: all that the indicator has, bands where it has no tags.
    Raises      MissingData when nobody has published such an indicator; InvalidInput when it is no id of one.
    """
    member_id = _originator(connection, indicator_id)
    published = {one.indicator_id: one for one in _published_by(connection, member_id)}
    named = operations(published.values())
    told = {tag.kind for tag in published[indicator_id].tags} or {SignalKind.BAND}
    judged = [kind for kind in SignalKind if kind in (set(kinds) or told)]
    for audited in audits_of(connection, member_id):
        name = named.get(audited.indicator_id, audited.operation)
        if name != audited.operation:
            record_audit(connection, replace(audited, operation=name))
    for kind in judged:
        record_audit(connection, Audited(indicator_id, member_id, kind, named[indicator_id], outcome, now))
    names = [kind.value for kind in judged]
    return {"indicator": indicator_id, "member": member_id, "outcome": outcome.value, "kinds": names}


def grades_of(connection: Connection, member_id: str, now: datetime) -> dict[SignalKind, SourceGrade]:
    """Grade of a source for each kind of signal; F where nobody can tell yet."""
    outcomes = tuple(audits_of(connection, member_id))
    return {kind: source_grade(posterior(outcomes, [kind], now)) for kind in SignalKind}


def is_seen(connection: Connection, member_id: str, readable: Collection[str]) -> bool:
    """Whether a member has published a signal into one of these collections."""
    there = PUBLISHED.c.collection_id.in_(sorted(readable))
    chosen = select(PUBLISHED.c.place).where(PUBLISHED.c.member_id == member_id, there).limit(1)
    return connection.execute(chosen).first() is not None


def _originator(connection: Connection, indicator_id: str) -> str:
    here = PUBLISHED.c.object_id == objects_of(indicator_id)[0]
    found = connection.execute(select(PUBLISHED.c.member_id).where(here).order_by(PUBLISHED.c.place).limit(1)).scalar()
    if found is None:
        message = f"nobody has published an indicator {indicator_id}"
        raise MissingData(message)
    return str(found)


def _published_by(connection: Connection, member_id: str) -> Iterable[_Published]:
    """Every indicator of a member with the tags of all its versions, as digests."""
    mine = PUBLISHED.c.member_id == member_id
    groups = {row.object_id: row.group_id for row in connection.execute(select(PUBLISHED).where(mine)) if row.group_id}
    tags: dict[str, set[Tag]] = {}
    chosen = select(PUBLISHED.c.object_id, TAGS.c.digest, TAGS.c.kind)
    for row in connection.execute(chosen.join(TAGS, TAGS.c.place == PUBLISHED.c.place).where(mine)):
        tags.setdefault(row.object_id, set()).add(Tag(SignalKind(row.kind), 0, row.digest))
    for object_id, group_id in groups.items():
        indicator_id = uuid_of(object_id, "indicator")
        if indicator_id is not None:
            own = [tags.get(name, _NO_TAGS) for name in objects_of(indicator_id)]
            yield _Published(indicator_id, group_id, frozenset().union(*own))
