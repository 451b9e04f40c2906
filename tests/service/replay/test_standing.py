"""What people have said, read from a service's database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from stillwatch.act.appeals.appeal import AppealRules
from stillwatch.act.appeals.tables import APPEALS, CLEARED
from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.service.replay.standing import Standing, standing_of
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.signing.stamp import stamp
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BEFORE = datetime(2026, 11, 20, tzinfo=UTC)


def appeal(number: int, rule: str, outcome: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A decision and the appeal against it, due before now."""
    at = stamp(BEFORE)
    stream = {"campaign_id": "c", "account_id": f"a-{number}", "decision_id": f"d-{number}"}
    decision = {
        "action": "block",
        "reason": "",
        "rule": rule,
        "policy_version": "v",
        "decided_at": at,
        "expires_at": at,
        "change": "first",
    }
    filed = {"appeal_id": f"p-{number}", "grounds": "other", "statement": "", "filed_at": at, "deadline": at}
    answered = {"outcome": outcome, "answered_at": at if outcome else None, "filed_entry": number}
    return stream | decision, stream | filed | answered


def test_where_nobody_has_said_anything(tmp_path: Path) -> None:
    """A database of a service that is new."""
    engine = open_database(tmp_path / "service.db", SERVICE_TABLES)
    with engine.begin() as connection:
        found = standing_of(connection, ["slow"], AppealRules(), NOW)
    engine.dispose()
    assert (set(found.cleared), set(found.overdue), found.found_at) == (set(), set(), {})
    assert (found.decided, found.upheld) == (Standing().decided, Standing().upheld) == (0, 0)


def test_appeals_and_cases_are_read(tmp_path: Path) -> None:
    """Cleared and overdue streams, answers to rules of the names, and when campaigns became cases, by any id."""
    engine = open_database(tmp_path / "service.db", SERVICE_TABLES)
    told = [
        appeal(1, "slow", "upheld"),
        appeal(2, "slow", "denied"),
        appeal(3, "other", "upheld"),
        appeal(4, "slow", None),
    ]
    case = {"case_id": "c", "version": 1, "state": "new", "verdict": "harvest", "bits": 30.0, "n_accounts": 4}
    times = dict.fromkeys(("first_seen", "last_seen", "changed_at", "opened_at"), stamp(BEFORE))
    with engine.begin() as connection:
        connection.execute(insert(DECISIONS), [decision for decision, _ in told])
        connection.execute(insert(APPEALS), [filed for _, filed in told])
        cleared = {"campaign_id": "c", "account_id": "a-1", "appeal_id": "p-1", "cleared_at": stamp(NOW)}
        connection.execute(insert(CLEARED), [cleared])
        connection.execute(insert(CASES), [case | times | {"n_exchanges": 9}])
        connection.execute(insert(CASE_ALIASES), [{"alias": "c-old", "case_id": "c"}])
    with engine.begin() as connection:
        found = standing_of(connection, ["slow"], AppealRules(), NOW)
    engine.dispose()
    assert (set(found.cleared), set(found.overdue)) == ({("c", "a-1")}, {("c", "a-4")})
    assert (found.decided, found.upheld) == (2, 1)
    assert found.found_at == {"c": BEFORE, "c-old": BEFORE}
