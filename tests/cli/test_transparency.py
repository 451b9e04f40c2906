"""``stillwatch transparency``: ledger and appeals in, one report out, the same every time."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.share.appeals.forum import open_forum
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append_all, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.export import export
from stillwatch.share.appeals.case import Grounds
from stillwatch.share.appeals.filing import Filing, file
from stillwatch.signing.keys import SigningKey

TIME = datetime(2026, 3, 1, tzinfo=UTC)


def run(*arguments: object) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, ["transparency", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def given(tmp_path: Path) -> list[object]:
    """Arguments of a forum with 500 publications and an appeal, for half a year."""
    key = SigningKey.generate()
    (tmp_path / "key.json").write_text(json.dumps(key.verify_key.jwk()))
    (tmp_path / "requests.json").write_text('{"court-order": 300}')
    with open_forum(tmp_path / "forum.db").begin() as connection:
        append_all(connection, [Event(Kind.PUBLISH, "member-a", {"n": n}, TIME) for n in range(500)])
        file(connection, Filing("member-b", "i-1", TIME, Grounds.STALE, "member-a", ["member-b"]), TIME)
        sign_head(connection, key, TIME)
        export(connection, tmp_path / "ledger.jsonl")
    period = ["--since", "2026-01-01", "--until", "2026-07-01"]
    return [tmp_path / "ledger.jsonl", "--db", tmp_path / "forum.db", "--key", tmp_path / "key.json", *period]


def test_the_report_is_noised_and_the_same_every_time(given: list[object], tmp_path: Path) -> None:
    """As JSON and in words; counts are near the truth."""
    requests = ["--requests", tmp_path / "requests.json"]
    first = json.loads(run(*given, *requests, "--json"))
    assert json.loads(run(*given, "--json", "--epsilon", 2)) == first
    assert abs(first["entries"]["publish"] - 500) < 200
    assert abs(first["requests"]["court-order"] - 300) < 200
    assert (first["epsilon"], first["budget"]) == (1.0, 2.0)
    assert f"{first['entries']['publish']:>10,}" in run(*given)


def test_what_cannot_be_reported_on_is_named(given: list[object], tmp_path: Path) -> None:
    """No database, wrong requests, a ledger that was changed, a period without a length, a budget overdrawn."""
    (tmp_path / "bad.json").write_text('{"raid": 1}')
    ledger, _, database, *rest = given
    with pytest.raises(MissingData, match="no database"):
        run(ledger, "--db", tmp_path / "nowhere", *rest)
    with pytest.raises(InvalidInput, match="kinds of requests"):
        run(*given, "--requests", tmp_path / "bad.json")
    with pytest.raises(UnreadableSource, match="nowhere"):
        run(*given, "--requests", tmp_path / "nowhere.json")
    with pytest.raises(InvalidInput, match="end after"):
        run(*given, "--until", "2025-01-01")
    with pytest.raises(InvalidInput, match="at most 2: 0 of 2"):
        run(*given, "--epsilon", 3)
    changed = tmp_path / "changed.jsonl"
    changed.write_text((tmp_path / "ledger.jsonl").read_text().replace("member-a", "member-z", 1))
    with pytest.raises(FailedProof, match="entry 0 is bad"):
        run(changed, "--db", database, *rest)
