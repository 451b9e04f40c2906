"""The service's database comes to the newest revision whole, from wherever it was, on both databases."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select
from sqlalchemy.engine import make_url
from tests.databases import KINDS, database_url

from stillwatch.act.policy.tables import POLICY_TABLES, VERSIONS
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.service import revisions
from stillwatch.service.revisions import HEAD, bring_to_head, differences, revision_of
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.store.database import open_database

FOLDER = Path(revisions.__file__).parent / "migrations"
KILLED = Path(__file__).with_name("killed_upgrade.py")
VERSION = {"version": "a" * 64, "name": "mine", "text": "x", "added_at": "2026-11-27T12:00:00.000000Z", "signed": {}}
NEXT = '''
"""A revision that a later stillwatch might have: a column, filled for the rows that are there."""

from alembic import op
from sqlalchemy import Column, String

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("policy_versions", Column("colour", String(16)))
    op.execute("UPDATE policy_versions SET colour = 'green'")
    op.create_index("policy_versions_by_colour", "policy_versions", ["colour"])
'''
STARTS = """
import sys
from sqlalchemy import MetaData
from stillwatch.service.revisions import bring_to_head
from stillwatch.store.database import open_database
engine = open_database(sys.argv[1], MetaData())
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
sys.stdout.write(f"{bring_to_head(engine, is_first=True)}\\n")
engine.dispose()
"""


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, on each of the two kinds."""
    with database_url(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The same, open."""
    opened = open_database(url, MetaData())
    yield opened
    opened.dispose()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a later stillwatch, which has one more."""
    folder = tmp_path / "later"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_colour.py").write_text(NEXT.format(before=HEAD))
    monkeypatch.setattr(revisions, "_SCRIPTS", str(folder))
    monkeypatch.setattr(revisions, "HEAD", "9999")
    return folder


def tables_of(connection: Connection) -> set[str]:
    """Names of the tables that are there."""
    return set(inspect(connection).get_table_names())


def test_head_is_the_last_of_the_files() -> None:
    """A migration that is added without the constant beside it would never run."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    assert len(list(scripts.walk_revisions())) == len(list((FOLDER / "versions").glob("*.py")))


def test_an_empty_database_gets_the_tables_of_the_program(engine: Engine) -> None:
    """What the migrations make is what the program describes: tables, columns, types, keys, indexes."""
    assert bring_to_head(engine, is_first=True) is None
    with engine.begin() as connection:
        assert differences(connection, SERVICE_TABLES) == []
        assert revision_of(connection) == HEAD
        assert tables_of(connection) == {*SERVICE_TABLES.tables, "alembic_version"}
    assert bring_to_head(engine) == HEAD


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE cases ADD COLUMN colour TEXT", "remove_column cases colour"),
        ("DROP INDEX cases_by_state", "add_index cases_by_state"),
        ("DROP TABLE appeal_changes", "add_table appeal_changes"),
        ("CREATE TABLE others (n INTEGER)", "remove_table others"),
    ],
)
def test_a_difference_is_told(engine: Engine, change: str, told: str) -> None:
    """The comparison that the test before this one relies on can fail."""
    bring_to_head(engine, is_first=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
        assert differences(connection, SERVICE_TABLES) == [told]


def test_an_empty_database_is_no_service_to_whoever_only_looks(engine: Engine) -> None:
    """It is not made one by a URL that names the wrong database."""
    with pytest.raises(MissingData, match="there is no service in the database"):
        bring_to_head(engine)
    with engine.begin() as connection:
        assert tables_of(connection) == set()


@pytest.mark.parametrize("parts", [(SERVICE_TABLES,), (POLICY_TABLES, LEDGER_TABLES)], ids=["whole", "policies alone"])
def test_one_from_before_there_were_revisions_is_adopted(engine: Engine, parts: tuple[MetaData, ...]) -> None:
    """Its rows stay, what it lacks is made."""
    for part in parts:
        part.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(VERSION))
    assert bring_to_head(engine) is None
    with engine.begin() as connection:
        assert differences(connection, SERVICE_TABLES) == []
        assert revision_of(connection) == HEAD
        assert dict(connection.execute(select(VERSIONS)).mappings().one()) == VERSION


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE cases DROP COLUMN assignee", "add_column cases assignee"),
        ("ALTER TABLE decisions ADD COLUMN colour TEXT", "remove_column decisions colour"),
    ],
)
def test_other_tables_of_the_same_names_are_not_adopted(engine: Engine, change: str, told: str) -> None:
    """What differs is named, and nothing is changed."""
    SERVICE_TABLES.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
        before = differences(connection, SERVICE_TABLES)
    with pytest.raises(IncompatibleVersion, match=f"must be those of revision 0001, they differ: {told}"):
        bring_to_head(engine, is_first=True)
    with engine.begin() as connection:
        assert (revision_of(connection), differences(connection, SERVICE_TABLES)) == (None, before)


def test_a_step_keeps_what_is_there(engine: Engine, later: Path) -> None:
    """From one revision to the next: a column of rows that were there before."""
    assert later.exists()
    SERVICE_TABLES.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(VERSION))
    bring_to_head(engine)
    with engine.begin() as connection:
        assert revision_of(connection) == "9999"
        assert connection.exec_driver_sql("SELECT name, colour FROM policy_versions").all() == [("mine", "green")]


def test_a_newer_database_is_refused(engine: Engine, later: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older program names what it knows and what it found, and changes nothing."""
    assert later.exists()
    bring_to_head(engine, is_first=True)
    monkeypatch.undo()
    for is_first in (False, True):
        with pytest.raises(IncompatibleVersion, match=f"revision 9999, of a newer stillwatch; this one knows {HEAD}"):
            bring_to_head(engine, is_first=is_first)
    with engine.begin() as connection:
        assert revision_of(connection) == "9999"
        assert differences(connection, SERVICE_TABLES) != []


def test_a_step_that_fails_changes_nothing(engine: Engine, later: Path) -> None:
    """The revisions before it in the same upgrade among it."""
    step = later / "versions" / "9999_colour.py"
    step.write_text(step.read_text() + '    op.drop_table("nowhere")\n')
    with pytest.raises(UnreadableSource, match="cannot upgrade the database"):
        bring_to_head(engine, is_first=True)
    with engine.begin() as connection:
        assert tables_of(connection) == set()


def test_whoever_is_up_to_date_waits_for_nobody(engine: Engine) -> None:
    """A command is not held up by a service that writes, nor by one that upgrades another schema."""
    bring_to_head(engine, is_first=True)
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(VERSION))
        revisions._wait_for_others(connection)
        assert bring_to_head(engine) == HEAD


def test_no_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error names the database without it."""
    engine = open_database("sqlite://", MetaData())
    monkeypatch.setattr(engine, "url", make_url("postgresql://u:planted@h/d"))
    with pytest.raises(MissingData) as told:
        bring_to_head(engine)
    engine.dispose()
    assert "planted" not in str(told.value)


def test_those_that_start_at_once_wait_for_the_first(url: str) -> None:
    """Four processes: every one finds the newest revision when it goes on."""
    started = [
        subprocess.Popen([sys.executable, "-c", STARTS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert told.count("None") >= 1
    assert set(told) <= {"None", HEAD}
    engine = open_database(url, MetaData())
    with engine.begin() as connection:
        assert (revision_of(connection), differences(connection, SERVICE_TABLES)) == (HEAD, [])
    engine.dispose()


def killed(before: Path, folder: Path, *scripts: str) -> list[Path]:
    """Databases of which an upgrade was killed, one before each of its statements, and last the one that was not."""
    folder.mkdir()
    told = subprocess.run(
        [sys.executable, str(KILLED), str(before), str(folder), *scripts],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[-1] == f"{len(lines) - 1} False"
    return [folder / f"{n}.db" for n in range(len(lines))]


def state_of(path: Path) -> tuple[str | None, int]:
    """Revision of a database, and how many tables it has."""
    engine = open_database(path, MetaData())
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        told = revision_of(connection), len(tables_of(connection))
    engine.dispose()
    return told


def test_a_first_start_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """Before every statement, and before the commit; the next start makes it whole."""
    *victims, survivor = killed(tmp_path / "none.db", tmp_path / "killed")
    assert len(victims) > len(SERVICE_TABLES.tables)
    whole = (HEAD, len(SERVICE_TABLES.tables) + 1)
    assert state_of(survivor) == whole
    assert {state_of(path) for path in victims} <= {(None, 0), whole}
    assert state_of(victims[len(victims) // 2]) == (None, 0)
    engine = open_database(victims[len(victims) // 2], MetaData())
    bring_to_head(engine, is_first=True)
    engine.dispose()
    assert state_of(victims[len(victims) // 2]) == whole


def test_a_step_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path, later: Path) -> None:
    """Rows and columns with it."""
    engine = open_database(tmp_path / "before.db", SERVICE_TABLES)
    at = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(VERSION))
        at.create(connection)
        connection.execute(insert(at).values(version_num=HEAD))
    engine.dispose()
    *victims, survivor = killed(tmp_path / "before.db", tmp_path / "killed", str(later), "9999")
    old, new = (HEAD, ["name"]), ("9999", ["name", "colour"])

    def found(path: Path) -> tuple[str | None, list[str]]:
        opened = open_database(path, MetaData())
        with opened.begin() as connection:
            columns = [str(c["name"]) for c in inspect(connection).get_columns("policy_versions")]
            told = revision_of(connection), [name for name in columns if name in {"name", "colour"}]
            assert connection.execute(select(VERSIONS.c.name)).scalars().all() == ["mine"]
        opened.dispose()
        return told

    assert found(survivor) == new
    states = [found(path) for path in victims]
    assert all(state in (old, new) for state in states)
    assert states.count(old) > 3
