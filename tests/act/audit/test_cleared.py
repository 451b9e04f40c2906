"""Streams that are cleared stand on record as what a person did."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update
from tests.act.decide.made import KEY, NOW, world

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import AppealRules, Grounds, Outcome
from stillwatch.act.appeals.filing import Filing, file
from stillwatch.act.appeals.notice import notice_of
from stillwatch.act.appeals.tables import APPEAL_TABLES, CLEARED
from stillwatch.act.audit.verify import verify
from stillwatch.act.trail import Trail
from stillwatch.errors import FailedProof
from stillwatch.ledger.book import forget
from stillwatch.ledger.tables import DOCUMENTS
from stillwatch.signing.keys import keys_of

WORDS = "We are a school and our pupils all use one worksheet."
KEYS = keys_of([KEY.verify_key])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A service that throttled two accounts, of which one objected and was right, the other one not."""
    with world(tmp_path) as running:
        APPEAL_TABLES.create_all(running.engine)
        made = [running.ask(account) for account in ("a-1", "a-2")]
        running.settle()
        for decision, outcome in zip(made, (Outcome.UPHELD, Outcome.DENIED), strict=True):
            with running.engine.begin() as connection:
                told = notice_of(connection, decision.decision_id)
                assert told is not None
                filed = file(connection, Trail(KEY), told, Filing(Grounds.RESEARCH, WORDS), AppealRules(), NOW)
                answer(connection, Trail(KEY), filed.appeal_id, Ruling(outcome, WORDS, "bea"), NOW)
        yield running.engine


def test_what_a_person_cleared_is_good(engine: Engine) -> None:
    """The stream of the upheld appeal is cleared, and the audit says so of everything."""
    with engine.begin() as connection:
        assert verify(connection, keys=KEYS).n_decisions == 2
        assert [row.account_id for row in connection.execute(select(CLEARED))] == ["a-1"]


def _denied(connection: Connection) -> str:
    documents = connection.execute(select(DOCUMENTS.c.document)).scalars()
    return next(str(one["appeal_id"]) for one in documents if one.get("outcome") == "denied")


def _row(**values: object) -> dict[str, Any]:
    return {"campaign_id": "c-1", "account_id": "a-2", "cleared_at": "2026-11-27T12:00:00.000000Z", **values}


FORGED: dict[str, Callable[[Connection], object]] = {
    "out of nothing": lambda c: c.execute(insert(CLEARED).values(_row(appeal_id="made-up"))),
    "by an appeal that was denied": lambda c: c.execute(insert(CLEARED).values(_row(appeal_id=_denied(c)))),
    "for another account": lambda c: c.execute(update(CLEARED).values(account_id="a-9")),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_nobody_cleared_is_noticed(engine: Engine, how: str) -> None:
    """Whoever can write to the database and has no key shelters no stream unnoticed; no account is named."""
    with engine.begin() as connection:
        FORGED[how](connection)
    with engine.begin() as connection, pytest.raises(FailedProof, match="no person has cleared it") as wrong:
        verify(connection, keys=KEYS)
    assert "a-2" not in str(wrong.value)


def test_what_was_forgotten_is_held_against_nobody(engine: Engine) -> None:
    """When a document is gone that may have said it, a cleared stream is left alone."""
    with engine.begin() as connection:
        forget(connection, 0)
        connection.execute(update(CLEARED).values(appeal_id="made-up"))
        assert verify(connection, keys=KEYS).n_unproved == 1
