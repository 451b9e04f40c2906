"""Filing: once for each decision, by whoever is first, on record without a word of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.act.desk import NOW, WORDS, Office, notice

from stillwatch.act.appeals.appeal import AppealRules, Grounds, State
from stillwatch.act.appeals.filing import AlreadyFiled, Filing, appeal_against, file
from stillwatch.act.trail import CUSTOMER
from stillwatch.errors import InvalidInput
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES

NASTY = "<script>alert(1)</script> '; DROP TABLE customer_appeals; -- {{ 7*7 }} ${7*7} account.age_days > 0 || true"


def test_filed_with_its_deadline(opened: Office) -> None:
    """An appeal filed on a Friday is due the next Friday, and is waiting."""
    filed = opened.file(notice())
    assert (filed.state, filed.deadline) == (State.FILED, NOW + timedelta(days=7))
    with opened.engine.begin() as connection:
        assert appeal_against(connection, filed.decision_id) == filed
        assert appeal_against(connection, notice(2).decision_id) is None


def test_a_second_filing_changes_nothing(opened: Office) -> None:
    """Who files again is told, and the first words stay."""
    filed = opened.file(notice())
    with pytest.raises(AlreadyFiled), opened.engine.begin() as connection:
        file(connection, opened.trail, notice(), Filing(Grounds.OTHER, "x" * 30), AppealRules(), NOW)
    with opened.engine.begin() as connection:
        assert appeal_against(connection, filed.decision_id) == filed


def test_of_many_at_once_one_is_filed(opened: Office) -> None:
    """Eight forms for one link at one moment give one appeal and one entry."""
    opened.tell(notice())

    def one(n: int) -> bool:
        try:
            with opened.engine.begin() as connection:
                filing = Filing(Grounds.OTHER, f"{n} " + "x" * 30)
                file(connection, opened.trail, notice(), filing, AppealRules(), NOW)
        except AlreadyFiled:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1
    with opened.engine.begin() as connection:
        assert len(connection.execute(select(ENTRIES)).all()) == 1


def test_on_record_without_the_customers_words(opened: Office) -> None:
    """The ledger's document names appeal, decision and grounds, and neither account nor statement nor contact."""
    opened.tell(notice())
    filing = Filing(Grounds.RESEARCH, WORDS, "head@school.example")
    with opened.engine.begin() as connection:
        filed = file(connection, opened.trail, notice(), filing, AppealRules(), NOW)
        entry = connection.execute(select(ENTRIES)).one()
        document = json.dumps(connection.execute(select(DOCUMENTS.c.document)).scalar_one())
    assert entry.actor == CUSTOMER
    assert entry._mapping["index"] == filed.filed_entry
    assert filed.appeal_id in document
    assert "worksheet" not in document
    assert "school" not in document
    assert "acct" not in document
    assert "worksheet" not in repr(filed)


def test_nasty_words_are_words(opened: Office) -> None:
    """HTML, SQL, templates and rules in the free fields come back as they went in."""
    opened.tell(notice())
    with opened.engine.begin() as connection:
        filed = file(connection, opened.trail, notice(), Filing(Grounds.OTHER, NASTY, NASTY), AppealRules(), NOW)
    assert (filed.statement, filed.contact) == (NASTY, NASTY)


@pytest.mark.parametrize(
    ("statement", "contact", "field"),
    [("short", None, "statement"), ("x" * 4001, None, "statement"), ("x" * 30, "y" * 255, "contact")],
)
def test_limits_of_fields(statement: str, contact: str | None, field: str) -> None:
    """Too short and too long fields are named, and not repeated."""
    with pytest.raises(InvalidInput, match=f"^{field} must have") as raised:
        Filing(Grounds.OTHER, statement, contact)
    assert "xxx" not in str(raised.value)


@pytest.mark.parametrize("rules", [{"answer_within": 0}, {"answer_within": 31}, {"file_within": timedelta(0)}])
def test_promises_in_range(rules: dict[str, int]) -> None:
    """A provider cannot promise nothing."""
    with pytest.raises(InvalidInput, match="must be 1 to"):
        AppealRules(**rules)  # type: ignore[arg-type]
