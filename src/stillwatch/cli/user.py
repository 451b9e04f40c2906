"""``stillwatch user``: who may log in to the console."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import By, SettingsAt, home, now
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.service.access.users import Elsewhere, User

__all__ = ["user"]

user = typer.Typer(help="People who log in to the console.", no_args_is_help=True)

_MOST_BYTES = 1024

Name = Annotated[str, typer.Argument(help="Name of the user: 1 to 64 of a-z 0-9 _ -; nobody ever gets it again.")]


class As(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    APPROVER = "approver"
    ADMIN = "admin"


Roles = Annotated[
    list[As],
    typer.Option("--role", help="What the user is: viewer, analyst, approver or admin; repeatable."),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="File whose first line is the password.", show_default="a new password, printed once"
    ),
]


@user.command()
def add(
    name: Name,
    role: Roles,
    by: By,
    *,
    password_file: PasswordFile = None,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Provider of identities that the user logs in by, as console.oidc_issuer."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="ID", help="Who the user is there: the claim `sub`, not a name.")
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Add a user; a password that was made is printed this once. The service is made where there is none yet."""
    from stillwatch.service.access.roles import roles_of
    from stillwatch.service.access.users import Users

    elsewhere = _elsewhere(issuer, subject, password_file)
    password, is_made = (None, False) if elsewhere is not None else _password(password_file)
    with home(settings, is_first=True) as opened, opened.engine.begin() as connection:
        made = Users(connection, opened.trail, by, now()).add(name, roles_of(role), password, elsewhere)
    _tell(made, password if is_made else None, f"{made.name} can log in as {_roles(made)}", as_json=as_json)


@user.command("list")
def list_users(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Those who were ended too.")] = False,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """List users, without their passwords."""
    from stillwatch.service.access.users import users_of
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = [one for one in users_of(connection) if ended or one.ended_at is None]
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found]))
        return
    for one in found:
        typer.echo(f"{one.name}  {_state(one)}  {' '.join(sorted(one.roles))}  {_login(one)}  by {one.made_by}")
    if not found:
        typer.echo("no users")


@user.command()
def roles(name: Name, role: Roles, by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Give a user other roles, which count from the next request on."""
    from stillwatch.act.trail import person
    from stillwatch.service.access.roles import roles_of
    from stillwatch.service.access.users import Users

    with home(settings) as opened, opened.engine.begin() as connection:
        found = Users(connection, opened.trail, by, now()).set_roles(person(name), roles_of(role))
    _tell(found, None, f"{found.name} is {_roles(found)} from now on", as_json=as_json)


@user.command("password")
def set_password(
    name: Name,
    by: By,
    password_file: PasswordFile = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Give a user another password, and log the user out everywhere."""
    from stillwatch.act.trail import person
    from stillwatch.service.access.users import Users, user_named

    password, is_made = _password(password_file)
    with home(settings) as opened, opened.engine.begin() as connection:
        Users(connection, opened.trail, by, now()).set_password(person(name), password)
        found = user_named(connection, person(name))
    said = f"{found.name} has another password, and is logged out everywhere"
    _tell(found, password if is_made else None, said, as_json=as_json)


@user.command()
def end(name: Name, by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Let a user in no more, at once; what the user did stays on record."""
    from stillwatch.act.trail import person
    from stillwatch.service.access.users import Users

    with home(settings) as opened, opened.engine.begin() as connection:
        found = Users(connection, opened.trail, by, now()).end(person(name))
    _tell(found, None, f"the user {found.name} has ended", as_json=as_json)


def _elsewhere(issuer: str | None, subject: str | None, password_file: Path | None) -> "Elsewhere | None":
    """Who the user is at another provider; None for a user with a password here.

    Raises  InvalidInput for half of it, or for both.
    """
    from stillwatch.service.access.subject import elsewhere_told

    if issuer is None and subject is None:
        return None
    if issuer is None or subject is None or password_file is not None:
        message = "--issuer and --subject belong together, and go without --password-file"
        raise InvalidInput(message)
    return elsewhere_told(issuer, subject)


def _password(file: Path | None) -> tuple[str, bool]:
    """A password, and whether it was made here."""
    from stillwatch.service.access.passwords import fresh_password

    if file is None:
        return fresh_password(), True
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as wrong:
        message = f"cannot read the password in {file}: {type(wrong).__name__}"
        raise UnreadableSource(message) from wrong
    if len(data) > _MOST_BYTES:
        message = f"{file} must have at most {_MOST_BYTES} bytes"
        raise InvalidInput(message)
    return text.split("\n", 1)[0].removesuffix("\r"), False


def _tell(one: "User", password: str | None, said: str, *, as_json: bool) -> None:
    """What was done; a password that was made alone on standard output, or as a member of the JSON."""
    if as_json:
        typer.echo(json.dumps(_told(one) | ({} if password is None else {"password": password})))
        return
    if password is None:
        typer.echo(said)
        return
    typer.echo(password)
    typer.echo(f"{said}, with this password, which is kept nowhere: only {one.name} should read it", err=True)


def _roles(one: "User") -> str:
    return ", ".join(sorted(one.roles)) or "nothing"


def _state(one: "User") -> str:
    return "lives" if one.ended_at is None else f"ended {one.ended_at:%Y-%m-%d}"


def _login(one: "User") -> str:
    from stillwatch.report.visible import visible

    return "password" if one.elsewhere is None else visible(f"{one.elsewhere.subject} of {one.elsewhere.issuer}")


def _told(one: "User") -> dict[str, Any]:
    """A user without the password."""
    return {
        "name": one.name,
        "state": _state(one),
        "roles": sorted(one.roles),
        "issuer": one.elsewhere and one.elsewhere.issuer,
        "subject": one.elsewhere and one.elsewhere.subject,
        "made_at": one.made_at.isoformat(),
        "made_by": one.made_by,
        "ended_at": one.ended_at and one.ended_at.isoformat(),
    }
