"""What is remembered of the roster's counter, and for how long."""

from pathlib import Path

from stillwatch.share.access.mark import Mark
from stillwatch.share.access.roster import Roster
from stillwatch.share.access.tables import TABLES
from stillwatch.store.database import open_database


def test_a_change_is_seen_at_once_by_who_asks_afresh(tmp_path: Path) -> None:
    """A mark that may be old stays until it is too old or somebody asks; one that may not be old never is."""
    engine = open_database(tmp_path / "forum.db", TABLES)
    old, new = Mark(engine, 3_600.0), Mark(engine)
    assert (old(), new()) == (0, 0)
    Roster(engine).add_member("one")
    assert (old(), new()) == (0, 1)
    assert old(fresh=True) == 1
    assert old() == 1
