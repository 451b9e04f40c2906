"""What an upheld appeal does at the forum: the indicator goes, with all that belongs to it, and cannot come back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.ledger.book import forget_about
from stillwatch.model.indicator import SignalKind
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import Role, no_event
from stillwatch.share.appeals.case import Outcome
from stillwatch.share.appeals.docket import case_at
from stillwatch.share.appeals.filing import FORUM
from stillwatch.share.forum.standing import documents_of, standing_of
from stillwatch.share.life.tombstones import Cause, tombstone_of
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id, stix_id
from stillwatch.share.stix.parts import parts_of
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.publishing import erase, refuse_everywhere
from stillwatch.share.taxii.tables import OBJECT, RECORDS
from stillwatch.share.trust.places import read_on_in
from stillwatch.share.trust.posterior import Audited, AuditOutcome
from stillwatch.share.trust.records import audits_of, record_audit

__all__ = ["carry_out"]

_ITSELF: Final = Member(FORUM, Role.OPERATOR)
_MOST_VERSIONS: Final = 100_000


def carry_out(connection: Connection, case_id: str, now: datetime) -> None:
    """Do what the outcome of a case asks for, in the transaction of the ruling; again is no harm.

    An appeal that was rejected, or is not decided, asks for nothing. The ruling's entry in the ledger stands for all
    objects that go with the indicator.
    """
    case = case_at(connection, case_id)
    stood = standing_of(connection, case.indicator_id)
    if case.outcome is not Outcome.UPHELD or stood is None:
        return
    versions = documents_of(connection, stix_id("indicator", case.indicator_id))
    networks = documents_of(connection, derived_id("infrastructure", case.indicator_id))
    stone = tombstone_of(connection, case.indicator_id)
    if stone is not None and stone.cause is Cause.APPEAL and versions:
        _blame(connection, case.indicator_id, stood.origin, _kinds([*versions, *networks]), now)
    _delete(connection, stood.origin, parts_of(case.indicator_id, versions))


def _kinds(documents: Iterable[Mapping[str, Any]]) -> list[SignalKind]:
    """Kinds of signals that an indicator was made of; behaviour, which each tells in clear, counts as bands."""
    tags = (tag for told in documents for tag in told.get("extensions", {}).get(EXTENSION, {}).get("tags", ()))
    found = {SignalKind(tag["kind"]) for tag in tags} | {SignalKind.BAND}
    return sorted(found, key=list(SignalKind).index)


def _blame(connection: Connection, indicator_id: str, origin: str, kinds: Sequence[SignalKind], now: datetime) -> None:
    """An audit that found the indicator wrong, once for each kind of signal, so that the originator's grade falls.

    Who had taken its indicator back before somebody appealed is not blamed: to correct oneself must stay cheap. The
    operation is that of an earlier audit of the same indicator, else the indicator counts as one of its own.
    """
    known = {audited.operation for audited in audits_of(connection, origin) if audited.indicator_id == indicator_id}
    operation = min(known, default=indicator_id)
    for kind in kinds:
        record_audit(connection, Audited(indicator_id, origin, kind, operation, AuditOutcome.WRONG, now))


def _delete(connection: Connection, origin: str, object_ids: Sequence[str]) -> None:
    read_on_in(connection)
    there = select(RECORDS.c.collection_id, RECORDS.c.object_id).where(
        RECORDS.c.object_id.in_(object_ids), RECORDS.c.kind == OBJECT, RECORDS.c.document.is_not(None)
    )
    for collection_id, object_id in sorted({(r.collection_id, r.object_id) for r in connection.execute(there)}):
        erase(connection, _ITSELF, collection_id, Filters(ids=(object_id,), every=True, limit=_MOST_VERSIONS), no_event)
        forget_about(connection, f"{collection_id}/{object_id}")
    refuse_everywhere(connection, origin, object_ids)
