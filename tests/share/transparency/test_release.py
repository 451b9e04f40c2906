"""Counting and publishing: only the period, exactly, and each report once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.share.appeals.forum import NOW, filing, open_forum

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.export import export
from stillwatch.share.appeals.case import Answer
from stillwatch.share.appeals.docket import answer
from stillwatch.share.appeals.filing import file
from stillwatch.share.appeals.revocation import revoke
from stillwatch.share.life.tombstones import Cause, Tombstone
from stillwatch.share.transparency.counts import Counts, Period, counted, requests_of, span_of
from stillwatch.share.transparency.release import RELEASE_TABLES, release, released
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

DAY = timedelta(days=1)
PERIOD = Period(NOW - 10 * DAY, NOW + 10 * DAY)
AFTER = PERIOD.until + DAY


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """One transaction of a forum that also publishes reports."""
    open_forum(tmp_path / "forum.db").dispose()
    with open_database(tmp_path / "forum.db", RELEASE_TABLES).begin() as begun:
        yield begun


def lived(connection: Connection) -> None:
    """Publications inside and outside the period, an appeal upheld after 30 hours, one open, one withdrawal."""
    for time in (PERIOD.since - DAY, PERIOD.since, NOW, PERIOD.until):
        append(connection, Event(Kind.PUBLISH, "member-a", {}, time))
    filed = file(connection, filing(published_at=NOW - timedelta(hours=5)), NOW)
    file(connection, filing(indicator_id="i-2"), NOW)
    answer(connection, "member-a", filed.of_holders["member-a"], Answer.WITHDRAW, NOW + timedelta(hours=30))
    revoke(connection, Tombstone("i-3", Cause.WITHDRAWN, NOW, NOW + timedelta(minutes=5)), "member-a")
    revoke(connection, Tombstone("i-4", Cause.WITHDRAWN, NOW, PERIOD.until), "member-a")
    sign_head(connection, SigningKey.generate(), NOW)


def exact(connection: Connection, tmp_path: Path) -> Counts:
    """Counts of the period."""
    lived(connection)
    export(connection, tmp_path / "ledger.jsonl")
    return counted(tmp_path / "ledger.jsonl", connection, PERIOD, requests_of({"court-order": 2}))


def some(counts: dict[str, int]) -> dict[str, int]:
    """Counts that are not 0."""
    return {name: count for name, count in counts.items() if count}


def test_what_happened_in_the_period_is_counted(connection: Connection, tmp_path: Path) -> None:
    """Its first moment belongs to it and its last does not; appeals are counted as appeals, not as entries."""
    found = exact(connection, tmp_path)
    assert some(dict(found.entries)) == {"publish": 2, "revoke": 2}
    assert some(dict(found.appeals)) == {"upheld": 1, "overdue": 1}
    assert some(dict(found.revocations)) == {"appeal": 1, "withdrawn": 1}
    assert some(dict(found.to_revoke)) == {"under 1 hour": 1, "1 to 3 days": 1}
    assert some(dict(found.to_decide)) == {"1 to 3 days": 1}
    assert some(dict(found.requests)) == {"court-order": 2}
    assert all(0 in counts.values() for counts in (found.entries, found.appeals, found.requests))


def test_a_report_is_published_once(connection: Connection, tmp_path: Path) -> None:
    """Asked again it is the same to the last digit, even with another epsilon or other counts."""
    counts = exact(connection, tmp_path)
    assert released(connection, PERIOD) is None
    first = release(connection, counts, PERIOD, 1.0, 2.0, AFTER)
    assert [release(connection, counts, PERIOD, epsilon, 2.0, AFTER) for epsilon in (1.0, 2.0)] == [first, first]
    assert released(connection, PERIOD) == first


def test_overlapping_reports_share_the_budget(connection: Connection, tmp_path: Path) -> None:
    """What overlaps adds up and is refused beyond it; what does not, does not."""
    counts = exact(connection, tmp_path)
    release(connection, counts, PERIOD, 1.5, 2.0, AFTER)
    part = Period(NOW, NOW + DAY)
    with pytest.raises(InvalidInput, match=r"at most 0\.5: 1\.5 of 2"):
        release(connection, counts, part, 1.0, 2.0, AFTER)
    assert release(connection, counts, part, 0.5, 2.0, AFTER)["epsilon"] == 0.5
    before = Period(PERIOD.since - DAY, PERIOD.since)
    assert release(connection, counts, before, 2.0, 2.0, AFTER)["epsilon"] == 2.0


@pytest.mark.parametrize(("epsilon", "now"), [(0.0, AFTER), (-1.0, AFTER), (100.0, AFTER), (1.0, NOW)])
def test_no_report_without_noise_or_before_the_end(
    connection: Connection, tmp_path: Path, epsilon: float, now: datetime
) -> None:
    """Nothing is published or spent then."""
    counts = exact(connection, tmp_path)
    with pytest.raises(InvalidInput):
        release(connection, counts, PERIOD, epsilon, 200.0, now)
    assert released(connection, PERIOD) is None


@pytest.mark.parametrize(
    ("hours", "span"), [(0, "under 1 hour"), (1, "1 to 4 hours"), (719, "14 to 30 days"), (720, "30 days and more")]
)
def test_spans_begin_where_they_say(hours: int, span: str) -> None:
    """The edge belongs to the longer one."""
    assert span_of(timedelta(hours=hours)) == span


@pytest.mark.parametrize(
    "told", [{"raid": 1}, {"removal": -1}, {"removal": "1"}, {"removal": True}, {"removal": 10**9}]
)
def test_requests_are_counts_of_known_kinds(told: dict[str, object]) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput, match="requests"):
        requests_of(told)
