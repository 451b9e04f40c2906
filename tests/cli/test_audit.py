"""``stillwatch audit``: a database in, a verdict out, exit 8 when something does not hold."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.act.decide.made import KEY, database, world
from typer.testing import CliRunner

from stillwatch.act.decide.tables import DECISIONS
from stillwatch.cli import app
from stillwatch.errors import FailedProof


def run(*arguments: object) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """Database with three decisions, one of an account with an unfriendly name; its public key beside it."""
    with world(tmp_path) as made:
        for account in ("a-1", "a-2", "\x1b[31mred"):
            made.ask(account)
    (tmp_path / "key.json").write_text(json.dumps(KEY.verify_key.jwk()))
    return tmp_path / "service.db"


def test_verify_says_what_was_verified(service: Path) -> None:
    """For people and for programs."""
    told = json.loads(run("audit", "verify", service, "--key", service.with_name("key.json"), "--json"))
    assert (told["entries"], told["documents"], told["decisions"], told["decisions_unproved"]) == (3, 3, 3, 0)
    assert told["signatures_verified"] is True
    said = run("audit", "verify", service)
    assert "good: 3 entries" in said
    assert "signatures were not verified" in said


def test_verify_fails_when_something_was_changed(service: Path) -> None:
    """With exit code 8, as every proof that does not hold."""
    engine = database(service)
    with engine.begin() as connection:
        connection.execute(update(DECISIONS).values(action="allow"))
    engine.dispose()
    with pytest.raises(FailedProof, match="not as it was recorded") as wrong:
        run("audit", "verify", service)
    assert wrong.value.exit_code == 8


def test_show_is_readable_and_harmless(service: Path) -> None:
    """One line an entry; what a terminal would obey is shown, not obeyed."""
    lines = run("audit", "show", service).splitlines()
    assert len(lines) == 3
    assert "decided" in lines[0]
    assert "account_id=a-1" in lines[0]
    assert "\x1b" not in "".join(lines)
    told = [json.loads(line) for line in run("audit", "show", service, "--last", 2, "--json").splitlines()]
    assert [one["index"] for one in told] == [1, 2]
    only = run("audit", "show", service, "--decision", told[0]["document"]["decision_id"])
    assert len(only.splitlines()) == 1


def test_export_is_verified_by_the_ledgers_own_command(service: Path, tmp_path: Path) -> None:
    """No account in the ledger's file; documents only where they are asked for."""
    out, documents = tmp_path / "ledger.jsonl", tmp_path / "documents.jsonl"
    told = json.loads(run("audit", "export", service, "--out", out, "--documents", documents, "--json"))
    assert (told["entries"], told["documents"]) == (3, 3)
    assert "a-1" not in out.read_text()
    assert "a-1" in documents.read_text()
    assert "good: 3 entries" in run("ledger", "verify", out, "--key", service.with_name("key.json"))
    assert "3 entries written" in run("audit", "export", service, "--out", out)
