"""``stillwatch ledger``: files in, a verdict out, exit 8 when something does not hold."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

TIME = datetime(2026, 11, 27, tzinfo=UTC)


def run(*arguments: object) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, ["ledger", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A forum's database, its public key, its ledger exported when it had three entries and when it had five."""
    key = SigningKey.generate()
    (tmp_path / "key.json").write_text(json.dumps(key.verify_key.jwk()))
    (tmp_path / "other.json").write_text(json.dumps(SigningKey.generate().verify_key.jwk()))
    for first, last, name in ((0, 3, "old.jsonl"), (3, 5, "new.jsonl")):
        with open_database(tmp_path / "forum.db", LEDGER_TABLES).begin() as connection:
            for n in range(first, last):
                append(connection, Event(Kind.PUBLISH, "member-a", {"n": n}, TIME))
            sign_head(connection, key, TIME)
        run("export", tmp_path / "forum.db", "--out", tmp_path / name)
    return tmp_path


def test_a_good_ledger_is_called_good(folder: Path) -> None:
    """In words and as JSON; with a key its signatures were verified, without one that is said."""
    told = run("verify", folder / "new.jsonl", "--head", folder / "old.jsonl", "--key", folder / "key.json")
    assert told.startswith("good: 5 entries under 3 heads")
    assert "not verified" not in told
    assert "not verified" in run("verify", folder / "new.jsonl")
    found = json.loads(run("verify", folder / "new.jsonl", "--json"))
    assert (found["entries"], found["kinds"], found["signatures_verified"]) == (5, {"publish": 5}, False)


def test_a_rewritten_ledger_names_the_entry(folder: Path) -> None:
    """And another key, an older file than the kept head."""
    text = (folder / "new.jsonl").read_text().replace('"index":1,', '"index":1,', 1)
    lines = text.splitlines(keepends=True)
    lines[1] = lines[1].replace("member-a", "member-b")
    (folder / "bad.jsonl").write_text("".join(lines))
    with pytest.raises(FailedProof, match="entry 1 is bad"):
        run("verify", folder / "bad.jsonl")
    with pytest.raises(FailedProof, match="no key"):
        run("verify", folder / "new.jsonl", "--key", folder / "other.json")
    with pytest.raises(FailedProof, match="ends after 3"):
        run("verify", folder / "old.jsonl", "--head", folder / "new.jsonl")
    assert FailedProof.exit_code == 8


def test_a_proof_is_written_and_checked(folder: Path) -> None:
    """Against a head in a file of its own; not against an older one, nor with another entry."""
    proof, head = folder / "proof.json", folder / "head.json"
    run("prove", folder / "new.jsonl", "--entry", 2, "--out", proof)
    run("head", folder / "new.jsonl", "--out", head)
    told = run("check", proof, "--head", head, "--key", folder / "key.json")
    assert told.startswith("good: entry 2 (publish, 2026-11-27")
    assert json.loads(run("check", proof, "--head", folder / "new.jsonl", "--json"))["size"] == 5
    assert json.loads(run("prove", folder / "new.jsonl", "--entry", 2)) == json.loads(proof.read_text())
    with pytest.raises(MissingData, match="no head of 5"):
        run("check", proof, "--head", folder / "old.jsonl")
    proof.write_text(proof.read_text().replace("member-a", "member-b"))
    with pytest.raises(FailedProof, match="not in the ledger"):
        run("check", proof, "--head", head)


def test_wrong_files_are_named(folder: Path) -> None:
    """None there, no JSON, no proof, an entry beyond the end."""
    (folder / "cut").write_text("{")
    (folder / "empty.json").write_text("{}")
    with pytest.raises(UnreadableSource, match="nowhere"):
        run("verify", folder / "nowhere")
    with pytest.raises(MissingData, match="no database"):
        run("export", folder / "nowhere", "--out", folder / "x")
    with pytest.raises(UnreadableSource, match="truncated"):
        run("check", folder / "cut", "--head", folder / "new.jsonl")
    with pytest.raises(InvalidInput, match="exactly the members"):
        run("check", folder / "empty.json", "--head", folder / "new.jsonl")
    with pytest.raises(InvalidInput, match="0 to 4"):
        run("prove", folder / "new.jsonl", "--entry", 5)
    with pytest.raises(UnreadableSource, match="cannot write"):
        run("head", folder / "new.jsonl", "--out", folder / "nowhere" / "x")
