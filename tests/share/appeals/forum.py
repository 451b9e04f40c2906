"""A forum's database with appeals in it, for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.appeals.case import Grounds
from stillwatch.share.appeals.filing import Filing
from stillwatch.share.appeals.tables import APPEAL_TABLES
from stillwatch.share.life.tombstones import TOMBSTONE_TABLES
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=8)
MEMBERS = ("member-a", "member-b", "member-c")


def open_forum(path: Path) -> Engine:
    """Ledger, appeals and tombstones in one database."""
    all_of_it = MetaData()
    for tables in (LEDGER_TABLES, APPEAL_TABLES, TOMBSTONE_TABLES):
        for table in tables.tables.values():
            table.to_metadata(all_of_it)
    return open_database(path, all_of_it)


def filing(**changed: Any) -> Filing:
    """An appeal against what member-a published and b and c hold, filed through b."""
    plain = {
        "filer": "member-b",
        "indicator_id": "indicator--1",
        "published_at": NOW - timedelta(days=2),
        "grounds": Grounds.SHARED_ADDRESS,
        "originator": "member-a",
        "holders": MEMBERS,
    }
    return Filing(**{**plain, **changed})
