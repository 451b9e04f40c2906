"""What goes into the ledger together goes under one head."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stillwatch.errors import InvalidInput
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.tables import ENTRIES, HEADS, LEDGER_TABLES
from stillwatch.share.access.events import Happened
from stillwatch.share.forum.recording import ledger_events
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

KEY = SigningKey.generate()


def published(kind: str, **more: Any) -> Happened:
    """A publication of an object of that type."""
    return Happened("publish", "somebody", {"collection_id": "c", "object": {"type": kind} | more})


def test_of_one_transaction_there_is_one_head_over_all_its_entries(tmp_path: Path) -> None:
    """Three of five events have an entry, in their order; the one head is of the ledger with all three."""
    engine, record = open_database(tmp_path / "forum.db", LEDGER_TABLES), ledger_events(KEY)
    events = [published(kind) for kind in ("indicator", "campaign", "sighting", "relationship")]
    with engine.begin() as connection:
        record.together([*events, published("indicator", revoked=True)], connection)
    with engine.begin() as connection:
        kinds = connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.index)).scalars().all()
        (told,) = connection.execute(select(HEADS.c.head)).scalars()
    assert kinds == ["publish", "sighting", "revoke"]
    assert verify_head(told, keys_of([KEY.verify_key])).size == 3
    engine.dispose()


def test_without_entries_there_is_no_head_and_a_failure_leaves_none(tmp_path: Path) -> None:
    """Links alone need no proof; an event that cannot be recorded takes the whole transaction with it."""
    engine, record = open_database(tmp_path / "forum.db", LEDGER_TABLES), ledger_events(KEY)
    with engine.begin() as connection:
        record.together([published("relationship")], connection)
    with pytest.raises(InvalidInput), engine.begin() as connection:
        record.together([published("indicator"), published("indicator", x=2**60)], connection)
    with engine.begin() as connection:
        assert connection.execute(select(ENTRIES)).all() == []
        assert connection.execute(select(HEADS)).all() == []
    engine.dispose()
