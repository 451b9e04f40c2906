"""The record of audits in a database: kept, replaced, refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.trust.posterior import Audited, AuditOutcome, posterior
from stillwatch.share.trust.records import RECORD_TABLES, audits_of, record_audit
from stillwatch.store.database import open_database

AT = datetime(2026, 11, 1, 3, 4, 5, 678901, tzinfo=UTC)
ONE = Audited("i1", "m1", SignalKind.BAND, "o1", AuditOutcome.CONFIRMED, AT)


def test_audits_come_back_as_they_were(tmp_path: Path) -> None:
    """To the microsecond, oldest first, those of one member only, after the database was closed."""
    older = replace(ONE, indicator_id="i2", at=AT - timedelta(days=1, microseconds=1))
    engine = open_database(tmp_path / "forum.db", RECORD_TABLES)
    with engine.begin() as connection:
        for audited in (ONE, older, replace(ONE, member_id="m2"), ONE):
            record_audit(connection, audited)
    engine.dispose()
    with open_database(tmp_path / "forum.db", RECORD_TABLES).begin() as connection:
        assert audits_of(connection, "m1") == (older, ONE)
        assert audits_of(connection, "m3") == ()


def test_a_later_judgement_replaces_an_earlier_one() -> None:
    """What was confirmed and turns out wrong after an appeal is wrong."""
    with open_database("sqlite://", RECORD_TABLES).begin() as connection:
        record_audit(connection, ONE)
        record_audit(connection, replace(ONE, outcome=AuditOutcome.WRONG, at=AT + timedelta(days=9)))
        (kept,) = audits_of(connection, "m1")
    assert kept.outcome is AuditOutcome.WRONG
    assert posterior([kept], [SignalKind.BAND], kept.at).wrong == 1


@pytest.mark.parametrize(
    "change", [{"member_id": ""}, {"indicator_id": "x" * 65}, {"operation": ""}, {"at": AT.replace(tzinfo=None)}]
)
def test_what_is_no_audit_is_refused(change: dict[str, str]) -> None:
    """Ids have limits and times a zone."""
    with open_database("sqlite://", RECORD_TABLES).begin() as connection, pytest.raises(InvalidInput):
        record_audit(connection, replace(ONE, **change))  # type: ignore[arg-type]
