"""``stillwatch user``: made with a password that is printed once, changed, ended."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillwatch.cli import app
from stillwatch.cli.service_home import home
from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.service.access.passwords import LEAST
from stillwatch.service.access.users import user_with_password


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a service that is not there yet."""
    (tmp_path / "service.toml").write_text('folder = "service"\n')
    return tmp_path / "service.toml"


def run(*arguments: str, settings: Path) -> Result:
    """What a command does."""
    return CliRunner().invoke(app, ["user", *arguments, "--settings", str(settings)], catch_exceptions=False)


def lets_in(name: str, password: str, settings: Path) -> bool:
    """Whether somebody could log in so."""
    with home(settings) as opened, opened.engine.begin() as connection:
        return user_with_password(connection, name, password) is not None


def test_the_first_user_makes_the_service(settings: Path) -> None:
    """Standard output is the new password and nothing else; it lets in, and stands in no list."""
    added = run("add", "Alma", "--role", "admin", "--role", "viewer", "--by", "alma", settings=settings)
    password = added.stdout.removesuffix("\n")
    assert len(password) > LEAST
    assert password not in added.stderr
    assert "alma can log in as admin, viewer" in added.stderr
    assert lets_in("alma", password, settings)
    assert run("list", settings=settings).stdout == "alma  lives  admin viewer  password  by alma\n"
    listed = run("list", "--json", settings=settings).stdout
    assert "argon2" not in listed
    assert json.loads(listed)[0]["roles"] == ["admin", "viewer"]


def test_a_password_of_a_file_is_not_printed(settings: Path, tmp_path: Path) -> None:
    """The first line counts, whatever ends it, and the command says what it did."""
    (tmp_path / "password").write_text("a password of a file\r\nsecond line\n")
    added = run(
        *("add", "vera", "--role", "viewer", "--by", "alma", "--password-file", str(tmp_path / "password")),
        settings=settings,
    )
    assert added.stdout == "vera can log in as viewer\n"
    assert lets_in("vera", "a password of a file", settings)


def test_roles_password_and_end(settings: Path) -> None:
    """Each change is told, and the old password is worth nothing after the new one."""
    run("add", "alma", "--role", "admin", "--by", "alma", settings=settings)
    told = json.loads(run("add", "ada", "--role", "viewer", "--by", "alma", "--json", settings=settings).stdout)
    changed = run("roles", "Ada", "--role", "analyst", "--role", "approver", "--by", "alma", settings=settings)
    assert changed.stdout == "ada is analyst, approver from now on\n"
    fresh = run("password", "ada", "--by", "alma", settings=settings).stdout.strip()
    assert not lets_in("ada", told["password"], settings)
    assert lets_in("ada", fresh, settings)
    assert run("end", "ada", "--by", "alma", settings=settings).stdout == "the user ada has ended\n"
    assert not lets_in("ada", fresh, settings)
    assert "ada" not in run("list", settings=settings).stdout
    assert "ada  ended " in run("list", "--ended", settings=settings).stdout


def test_a_user_who_logs_in_elsewhere(settings: Path) -> None:
    """There is no password to print or to change; half of the other account is refused."""
    who = ("add", "bea", "--role", "approver", "--by", "alma", "--issuer", "https://id.example")
    added = run(*who, "--subject", "7f3a", settings=settings)
    assert added.stdout == "bea can log in as approver\n"
    assert "7f3a of https://id.example" in run("list", settings=settings).stdout
    with pytest.raises(InvalidInput, match="belong together"):
        run(*who, settings=settings)
    with pytest.raises(InvalidInput, match="subject must be"):
        run(*who, "--subject", "a\u202eb", settings=settings)
    with pytest.raises(InvalidInput, match="issuer must be"):
        run(*who[:-1], "id.example", "--subject", "7", settings=settings)
    with pytest.raises(MissingData, match="no password here"):
        run("password", "bea", "--by", "alma", settings=settings)


def test_what_cannot_be_done(settings: Path, tmp_path: Path) -> None:
    """A service that is not there, a name twice, no role, a poor password, the last admin, nobody."""
    with pytest.raises(MissingData, match="no service"):
        run("list", settings=settings)
    run("add", "alma", "--role", "admin", "--by", "alma", settings=settings)
    with pytest.raises(InvalidInput, match="there is, or was, a user named alma"):
        run("add", "alma", "--role", "viewer", "--by", "alma", settings=settings)
    assert run("add", "vera", "--by", "alma", settings=settings).exit_code == 2
    assert run("add", "vera", "--role", "king", "--by", "alma", settings=settings).exit_code == 2
    with pytest.raises(InvalidInput, match="last admin"):
        run("end", "alma", "--by", "alma", settings=settings)
    with pytest.raises(MissingData, match="no user is called vera"):
        run("end", "vera", "--by", "alma", settings=settings)
    poor = tmp_path / "poor"
    poor.write_text("short")
    arguments = ("password", "alma", "--by", "alma", "--password-file")
    with pytest.raises(InvalidInput, match="12 to 200 characters"):
        run(*arguments, str(poor), settings=settings)
    poor.write_text("x" * 5000)
    with pytest.raises(InvalidInput, match="at most 1024 bytes"):
        run(*arguments, str(poor), settings=settings)
    with pytest.raises(UnreadableSource, match="FileNotFoundError"):
        run(*arguments, str(tmp_path / "none"), settings=settings)
