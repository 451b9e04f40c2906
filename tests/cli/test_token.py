"""``stillwatch token``: issued to standard output alone, listed without secrets, ended."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillwatch.cli import app
from stillwatch.cli.service_home import home
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.access.issued import PREFIX, Scope
from stillwatch.web.problem import Problem
from stillwatch.web.tokens import parse_token


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a service that is there."""
    (tmp_path / "service.toml").write_text('folder = "service"\n')
    with home(tmp_path / "service.toml", is_first=True):
        return tmp_path / "service.toml"


def run(*arguments: str, settings: Path) -> Result:
    """What a command does."""
    return CliRunner().invoke(app, ["token", *arguments, "--settings", str(settings)], catch_exceptions=False)


def opens(text: str, scope: Scope, settings: Path) -> bool:
    """Whether the service lets a call with this token in."""
    with home(settings) as opened:
        doorkeeper = Doorkeeper(opened.engine)
        try:
            return bool(asyncio.run(doorkeeper.admit({"x-api-key": text}, "", scope)))
        except Problem:
            return False
        finally:
            doorkeeper.close()


def test_a_token_from_the_first_to_the_last(settings: Path) -> None:
    """Standard output is the token and nothing else, it opens what it is for, and ends."""
    added = run("add", "proxy", "--scope", "decide", "--scope", "collect", "--by", "ada", settings=settings)
    text = added.stdout.removesuffix("\n")
    token = parse_token(text, PREFIX)
    assert token is not None
    assert token.secret not in added.stderr
    assert "proxy opens collect, decide until it is ended" in added.stderr
    assert [opens(text, scope, settings) for scope in Scope] == [True, True, False]
    listed = run("list", settings=settings).stdout
    assert listed == f"proxy  lives  collect decide  {token.lookup}  by ada\n"
    assert "argon2" not in run("list", "--json", settings=settings).stdout
    assert run("end", "proxy", "--by", "bea", settings=settings).stdout == "the token proxy has ended\n"
    assert not opens(text, Scope.DECIDE, settings)
    assert run("list", settings=settings).stdout == "no tokens\n"
    (ended,) = json.loads(run("list", "--ended", "--json", settings=settings).stdout)
    assert ended["state"].startswith("ended ")
    assert ended["ended_at"] is not None


def test_days_are_counted_from_now(settings: Path) -> None:
    """A token with days says when it ends."""
    before = datetime.now(UTC)
    run("add", "figures", "--scope", "metrics", "--days", "30", "--by", "ada", settings=settings)
    (told,) = json.loads(run("list", "--json", settings=settings).stdout)
    ends = datetime.fromisoformat(told["expires_at"])
    assert before <= ends - timedelta(days=30) <= datetime.now(UTC)
    assert told["state"] == f"lives until {ends:%Y-%m-%d}"


def test_what_cannot_be_issued_or_ended(settings: Path, tmp_path: Path) -> None:
    """A name twice, a name that is none, no scope, an end of nothing, and no service."""
    arguments = ("add", "proxy", "--scope", "decide", "--by", "ada")
    run(*arguments, settings=settings)
    with pytest.raises(InvalidInput, match="of the name proxy"):
        run(*arguments, settings=settings)
    with pytest.raises(InvalidInput, match="a token's name"):
        run("add", "a b", "--scope", "decide", "--by", "ada", settings=settings)
    assert run("add", "other", "--by", "ada", settings=settings).exit_code == 2
    assert run("add", "other", "--scope", "everything", "--by", "ada", settings=settings).exit_code == 2
    with pytest.raises(MissingData, match="no token is called"):
        run("end", "other", "--by", "ada", settings=settings)
    (tmp_path / "none.toml").write_text('folder = "none"\n')
    with pytest.raises(MissingData, match="no service"):
        run("list", settings=tmp_path / "none.toml")
