"""``stillwatch audit``: a database in, a verdict out, exit 8 when something does not hold."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.act.decide.made import KEY, database, world
from typer.testing import CliRunner

from stillwatch.act.decide.tables import DECISIONS
from stillwatch.cli import app
from stillwatch.errors import FailedProof, MissingData
from stillwatch.service.settings import ServiceSettings
from stillwatch.signing.keys import SigningKey


def run(*arguments: object) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service with three decisions, one of an account with an unfriendly name; the key that signed them apart."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STILLWATCH_SERVICE", raising=False)
    folder = ServiceSettings().folder
    folder.mkdir()
    KEY.save(folder / "service.key")
    with world(folder) as made:
        for account in ("a-1", "a-2", "\x1b[31mred"):
            made.ask(account)
    Path("key.json").write_text(json.dumps(KEY.verify_key.jwk()))
    return folder / "service.db"


def test_verify_says_what_was_verified() -> None:
    """For people and for programs; signatures in any case, and whether the key came from elsewhere."""
    told = json.loads(run("audit", "verify", "--key", "key.json", "--json"))
    assert (told["entries"], told["documents"], told["decisions"], told["decisions_unproved"]) == (3, 3, 3, 0)
    assert (told["signatures_verified"], told["key_was_given"]) == (True, True)
    said = run("audit", "verify")
    assert "good: 3 entries" in said
    assert "the key that lies with the service" in said
    Path("other.json").write_text(json.dumps(SigningKey.generate().verify_key.jwk()))
    with pytest.raises(FailedProof):
        run("audit", "verify", "--key", "other.json")


def test_no_service_is_made_by_an_audit(tmp_path: Path) -> None:
    """A misspelt name is an error, not an empty service."""
    (tmp_path / "other.toml").write_text('folder = "other"\n')
    with pytest.raises(MissingData, match=r"there is no service in .*other"):
        run("audit", "verify", "--settings", "other.toml")
    assert not (tmp_path / "other").exists()


def test_verify_fails_when_something_was_changed(service: Path) -> None:
    """With exit code 8, as every proof that does not hold."""
    engine = database(service)
    with engine.begin() as connection:
        connection.execute(update(DECISIONS).values(action="allow"))
    engine.dispose()
    with pytest.raises(FailedProof, match="not as it was recorded") as wrong:
        run("audit", "verify")
    assert wrong.value.exit_code == 8


def test_show_is_readable_and_harmless() -> None:
    """One line an entry; what a terminal would obey is shown, not obeyed."""
    lines = run("audit", "show").splitlines()
    assert len(lines) == 3
    assert "decided" in lines[0]
    assert "account_id=a-1" in lines[0]
    assert "\x1b" not in "".join(lines)
    told = [json.loads(line) for line in run("audit", "show", "--last", 2, "--json").splitlines()]
    assert [one["index"] for one in told] == [1, 2]
    only = run("audit", "show", "--decision", told[0]["document"]["decision_id"])
    assert len(only.splitlines()) == 1


def test_export_is_verified_by_the_ledgers_own_command(tmp_path: Path) -> None:
    """No account in the ledger's file; documents only where they are asked for."""
    out, documents = tmp_path / "ledger.jsonl", tmp_path / "documents.jsonl"
    told = json.loads(run("audit", "export", "--out", out, "--documents", documents, "--json"))
    assert (told["entries"], told["documents"]) == (3, 3)
    assert "a-1" not in out.read_text()
    assert "a-1" in documents.read_text()
    assert "good: 3 entries" in run("ledger", "verify", out, "--key", "key.json")
    assert "3 entries written" in run("audit", "export", "--out", out)
