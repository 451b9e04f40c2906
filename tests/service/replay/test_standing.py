"""What people have said, read from a service's database that may lack any of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, insert

from stillwatch.act.appeals.tables import APPEAL_TABLES, APPEALS, CLEARED
from stillwatch.act.cases.tables import CASE_ALIASES, CASE_TABLES, CASES
from stillwatch.act.decide.tables import DECISION_TABLES, DECISIONS
from stillwatch.service.replay.standing import Standing, standing_of
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


def test_a_database_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    """No file, and no file is made."""
    assert standing_of(str(tmp_path / "service.db"), ["slow"], NOW) == Standing()
    assert not (tmp_path / "service.db").exists()


def test_tables_that_are_not_there_say_nothing(tmp_path: Path) -> None:
    """A database of policies alone; nothing is added to it."""
    open_database(tmp_path / "service.db", MetaData()).dispose()
    engine = open_database(tmp_path / "service.db", MetaData())
    engine.connect().close()
    engine.dispose()
    assert standing_of(str(tmp_path / "service.db"), ["slow"], NOW) == Standing()


def test_appeals_and_cases_are_read(tmp_path: Path) -> None:
    """Cleared and overdue streams, answers to rules of the names, and when campaigns became cases, by any id."""
    engine = open_database(tmp_path / "service.db", APPEAL_TABLES)
    CASE_TABLES.create_all(engine)
    DECISION_TABLES.create_all(engine)
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
    engine.dispose()
    found = standing_of(str(tmp_path / "service.db"), ["slow"], NOW)
    assert (set(found.cleared), set(found.overdue)) == ({("c", "a-1")}, {("c", "a-4")})
    assert (found.decided, found.upheld) == (2, 1)
    assert found.found_at == {"c": BEFORE, "c-old": BEFORE}
