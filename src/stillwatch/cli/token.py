"""``stillwatch token``: who may call the service."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import By, SettingsAt, home, now

if TYPE_CHECKING:
    from stillwatch.service.access.issued import Issued

__all__ = ["token"]

token = typer.Typer(help="Tokens of gateways, and of whoever else calls the service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who shows the token: 1 to 64 of a-z 0-9 _ -.")]


class For(StrEnum):
    """What a token is shown for."""

    COLLECT = "collect"
    DECIDE = "decide"
    METRICS = "metrics"


@token.command()
def add(
    name: Name,
    scope: Annotated[list[For], typer.Option(help="What it is for; repeatable.")],
    by: By,
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="Days after which it ends.", show_default="never")
    ] = None,
    settings: SettingsAt = None,
) -> None:
    """Issue a token; it is printed this once, alone on standard output."""
    from stillwatch.service.access.issued import Issue, Scope, issue_token

    at = now()
    ends = None if days is None else at + timedelta(days=days)
    issue = Issue(name, frozenset(Scope(one.value) for one in scope), by, ends)
    with home(settings) as opened, opened.engine.begin() as connection:
        made = issue_token(connection, opened.trail, issue, at)
    typer.echo(made.text)
    until = "until it is ended" if ends is None else f"until {ends:%Y-%m-%d}"
    scopes = ", ".join(sorted(issue.scopes))
    typer.echo(f"the token {name} opens {scopes} {until}; it is kept nowhere: see that only {name} reads it", err=True)


@token.command("list")
def list_tokens(
    ended: Annotated[bool, typer.Option("--ended", help="Those that were ended too.")] = False,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """List tokens, without what only their holders know."""
    from stillwatch.service.access.issued import issued_tokens
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = issued_tokens(connection, ended=ended)
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found]))
        return
    for one in found:
        told = _told(one)
        typer.echo(f"{one.name}  {told['state']}  {' '.join(told['scopes'])}  {one.lookup}  by {one.made_by}")
    if not found:
        typer.echo("no tokens")


@token.command()
def end(name: Name, by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """End a token: services that run stop taking it within a second."""
    from stillwatch.service.access.issued import end_token

    with home(settings) as opened, opened.engine.begin() as connection:
        found = end_token(connection, opened.trail, name, by, now())
    typer.echo(json.dumps(_told(found)) if as_json else f"the token {name} has ended")


def _told(one: "Issued") -> dict[str, Any]:
    """A token without its hash."""
    if one.ended_at is not None:
        state = f"ended {one.ended_at:%Y-%m-%d}"
    elif one.expires_at is None:
        state = "lives"
    else:
        state = f"{'lives until' if one.is_alive(now()) else 'expired'} {one.expires_at:%Y-%m-%d}"
    times = {name: getattr(one, name) for name in ("made_at", "expires_at", "ended_at")}
    return {
        "name": one.name,
        "state": state,
        "scopes": sorted(one.scopes),
        "lookup": one.lookup,
        "made_by": one.made_by,
        **{name: time and time.isoformat() for name, time in times.items()},
    }
