"""Appeals on the command line: a member files, the others answer, the operator decides, anybody checks the proof."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.share.forum.appeal_place import Place, serving_appeals
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof, InvalidInput, MissingData


def run(*arguments: object) -> list[dict[str, Any]]:
    """Lines that a command prints as JSON; what it raises comes through."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A forum that answers, and settings of its members' nodes."""
    with serving_appeals(tmp_path) as running:
        for name in ("a", "b", "c"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "forum.token").write_text(running.tokens[name])
            (tmp_path / name / "member.toml").write_text(
                f'forum = "{running.url}"\ncollection = "campaigns"\ntoken_file = "forum.token"\n'
                'index = "index"\nfolder = "node"\n'
                + "".join(
                    f'[evaluators.{side}]\nurl = "http://127.0.0.1:1"\ntoken_file = "t"\nkeys_file = "k"\n'
                    for side in ("north", "south")
                )
            )
        (tmp_path / "key.jwk").write_text(json.dumps(running.key.verify_key.jwk()))
        yield running


def as_member(place: Place, name: str, *arguments: object) -> list[dict[str, Any]]:
    """A command of a member's node."""
    return run("member", *arguments, "--settings", place.folder / name / "member.toml")


def test_an_appeal_from_filing_to_proof(place: Place, tmp_path: Path) -> None:
    """Every step by its command; a person decides, the proof is checked from a file."""
    indicator_id, _ = place.tell()
    told = as_member(place, "b", "appeal", "file", indicator_id, "--grounds", "stale")
    reference = told[0]["reference"]
    assert told[0]["state"] == "open"
    assert [one["reference"] for one in as_member(place, "b", "appeals", "--filed")] == [reference]
    for name in ("a", "b", "c"):
        (waiting,) = as_member(place, name, "appeals")
        assert (waiting["indicator"], waiting["own_indicator"]) == (indicator_id, name == "a")
        as_member(place, name, "appeal", "answer", waiting["appeal"], "maintain")
    db = ("--db", place.folder / "forum.db", "--key", place.folder / "forum.key")
    (case,) = run("forum", "appeal", "list", *db)
    assert (case["state"], case["originator"], case["answers"]) == ("answered", "maintain", ["maintain"] * 3)
    run("forum", "appeal", "decide", case["case"], "upheld", *db)
    assert run("forum", "appeal", "list", *db) == []
    assert [one["state"] for one in run("forum", "appeal", "list", "--all", *db)] == ["upheld"]
    (waiting,) = as_member(place, "c", "appeals")
    assert waiting["state"] == "upheld"
    (status,) = as_member(place, "b", "appeal", "status", reference)
    assert (status["state"], status["n_removed"]) == ("upheld", 0)
    as_member(place, "b", "appeal", "proof", reference, "--out", tmp_path / "removal.json")
    (shown,) = run("appeal", "check", tmp_path / "removal.json", "--key", tmp_path / "key.jwk")
    assert (shown["indicator"], shown["gone"], len(shown["missing"])) == (indicator_id, [], 3)
    words = CliRunner().invoke(
        app, ["appeal", "check", str(tmp_path / "removal.json"), "--key", str(tmp_path / "key.jwk")]
    )
    assert "0 of 3 holders have removed it" in words.output


def test_what_is_wrong_is_named(place: Place, tmp_path: Path) -> None:
    """Grounds, answers, indicators, references and cases that are none; a proof under another key."""
    indicator_id, _ = place.tell()
    with pytest.raises(InvalidInput, match="--grounds must be one of shared-address"):
        as_member(place, "b", "appeal", "file", indicator_id, "--grounds", "because")
    with pytest.raises(InvalidInput, match="random one"):
        as_member(place, "b", "appeal", "file", "x", "--grounds", "stale")
    with pytest.raises(InvalidInput, match="the answer must be one of maintain"):
        as_member(place, "b", "appeal", "answer", "x", "never")
    with pytest.raises(MissingData, match="random UUID"):
        as_member(place, "b", "appeal", "status", "x")
    with pytest.raises(MissingData, match="no case"):
        run(
            "forum",
            "appeal",
            "decide",
            "x",
            "upheld",
            "--db",
            place.folder / "forum.db",
            "--key",
            place.folder / "forum.key",
        )
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(FailedProof):
        run("appeal", "check", tmp_path / "none.json", "--key", tmp_path / "key.jwk")


def test_a_forum_sets_the_time_to_answer() -> None:
    """A day at least, thirty at most."""
    for days in ("0", "31"):
        assert CliRunner().invoke(app, ["forum", "--appeal-days", days]).exit_code == 2
