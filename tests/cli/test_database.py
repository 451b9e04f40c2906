"""``stillwatch database``: made once, looked at without a change, upgraded."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, update
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import IncompatibleVersion, MissingData
from stillwatch.service.revisions import HEAD
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.store.database import open_database


def run(*arguments: str) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, ["database", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def told(*arguments: str) -> Any:
    """What a command tells a program."""
    return json.loads(run(*arguments, "--json"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STILLWATCH_SERVICE", raising=False)
    return tmp_path / "stillwatch-service"


def test_made_once(folder: Path) -> None:
    """A second time the same service is there, with the same key."""
    made = told("create")
    assert told("create") == made
    assert f"it signs with key {made['key']}" in run("create")
    assert (folder / "service.db").exists()


def test_looked_at_without_a_change(folder: Path) -> None:
    """A database from before there were revisions stays as it is until it is upgraded."""
    told("create")
    (folder / "service.db").unlink()
    open_database(folder / "service.db", SERVICE_TABLES).dispose()
    for _ in range(2):
        found = told("status")
        assert (found["revision"], found["newest"], found["is_newest"]) == (None, HEAD, False)
    assert f"is at revision none; this program works with {HEAD}" in run("status")
    assert told("upgrade") == {"before": None, "now": HEAD, "changed": True}
    assert run("upgrade") == f"at {HEAD} already\n"
    assert "the newest that this program knows" in run("status")


def test_a_newer_one_is_told_and_refused(folder: Path) -> None:
    """An older program can still say what it found."""
    told("create")
    engine = open_database(folder / "service.db", MetaData())
    with engine.begin() as connection:
        connection.execute(
            update(Table("alembic_version", MetaData(), autoload_with=connection)).values(version_num="9999")
        )
    engine.dispose()
    assert told("status")["revision"] == "9999"
    with pytest.raises(IncompatibleVersion, match="revision 9999, of a newer stillwatch"):
        run("upgrade")


@pytest.mark.parametrize("command", ["status", "upgrade"])
def test_no_service_is_made_by_asking(folder: Path, command: str) -> None:
    """The message says what makes one."""
    with pytest.raises(MissingData, match="start `stillwatch serve` first"):
        run(command)
    assert not folder.exists()
