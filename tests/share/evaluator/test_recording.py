"""What an evaluator does is in a ledger that its members can ask for."""

from pathlib import Path

from stillwatch.ledger.audit import audit
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.export import export
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.evaluator.recording import budget_recorder, ledger_names
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database


def test_every_request_is_an_entry_that_verifies(tmp_path: Path) -> None:
    """Who, for what and how many; three requests are three entries under the evaluator's own key."""
    engine, key = open_database(tmp_path / "meter.db", LEDGER_TABLES), SigningKey.generate()
    record = budget_recorder(engine, key)
    for n in (64, 256, 1024):
        record("alpha", Purpose.CHECK, 2969, n)
    with engine.begin() as connection:
        opening = opening_of(connection, 2)
        assert opening is not None
        assert opening.document == {"purpose": "check", "epoch": 2969, "elements": 1024}
        assert (
            entry_at(connection, 2).actor == ledger_names(key)("alpha") != ledger_names(SigningKey.generate())("alpha")
        )
        export(connection, tmp_path / "ledger.jsonl")
    found = audit(tmp_path / "ledger.jsonl", (), keys_of([key.verify_key]))
    assert (found.size, found.is_signed, dict(found.kinds)) == (3, True, {"evaluation-budget": 3})


def test_what_entries_commit_to_goes_with_its_epoch(tmp_path: Path) -> None:
    """Of this epoch and the one before it stays; entries of all verify, also after a new start."""
    engine, key = open_database(tmp_path / "meter.db", LEDGER_TABLES), SigningKey.generate()
    for epoch in (7, 8, 9, 11):
        budget_recorder(engine, key)("alpha", Purpose.CHECK, epoch, 64)
    with engine.begin() as connection:
        kept = [opening_of(connection, index) for index in range(4)]
        export(connection, tmp_path / "ledger.jsonl")
    assert [opening and opening.document["epoch"] for opening in kept] == [None, None, None, 11]
    assert audit(tmp_path / "ledger.jsonl", (), keys_of([key.verify_key])).size == 4
