"""The forum's record of audits: one row a signal and kind; a later judgement of the same signal replaces it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, delete, insert, select

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.trust.posterior import Audited, AuditOutcome

__all__ = ["RECORD_TABLES", "audits_of", "record_audit"]

RECORD_TABLES: Final = MetaData()
_MOST_CHARACTERS: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ids = String(_MOST_CHARACTERS)
_AUDITS: Final = Table(
    "audits",
    RECORD_TABLES,
    Column("member_id", _ids, primary_key=True),
    Column("indicator_id", _ids, primary_key=True),
    Column("kind", _ids, primary_key=True),
    Column("operation", _ids, nullable=False),
    Column("outcome", _ids, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)


def record_audit(connection: Connection, audited: Audited) -> None:
    """Remember one outcome; the same again changes nothing, another of the same signal and kind replaces it.

    Raises      InvalidInput if an id is empty or longer than 64 characters, or the time has no zone.
    """
    for name, value in (("member", audited.member_id), ("indicator", audited.indicator_id)):
        if not 0 < len(value) <= _MOST_CHARACTERS:
            msg = f"the id of the {name} must have 1 to {_MOST_CHARACTERS} characters, got {len(value)}"
            raise InvalidInput(msg)
    if not 0 < len(audited.operation) <= _MOST_CHARACTERS or audited.at.tzinfo is None:
        msg = f"an audit needs an operation of 1 to {_MOST_CHARACTERS} characters and a time with a zone"
        raise InvalidInput(msg)
    key = {"member_id": audited.member_id, "indicator_id": audited.indicator_id, "kind": audited.kind.value}
    connection.execute(delete(_AUDITS).where(*(_AUDITS.c[name] == value for name, value in key.items())))
    rest = {"operation": audited.operation, "outcome": audited.outcome.value, "at_us": _microseconds(audited.at)}
    connection.execute(insert(_AUDITS), key | rest)


def audits_of(connection: Connection, member_id: str) -> Iterable[Audited]:
    """Every outcome of a member, oldest first."""
    chosen = select(_AUDITS).where(_AUDITS.c.member_id == member_id).order_by(_AUDITS.c.at_us, _AUDITS.c.indicator_id)
    return tuple(
        Audited(
            row.indicator_id,
            row.member_id,
            SignalKind(row.kind),
            row.operation,
            AuditOutcome(row.outcome),
            _EPOCH + timedelta(microseconds=row.at_us),
        )
        for row in connection.execute(chosen)
    )


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
