"""``stillwatch database``: make the service's database, see which revision it is at, bring it to the newest."""

import json

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import SettingsAt, home

__all__ = ["database"]

database = typer.Typer(help="The service's database: make it, see its revision, upgrade it.", no_args_is_help=True)


@database.command()
def create(settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Make folder, key, secret and database, as the first `stillwatch serve` does; what is there stays."""
    with home(settings, is_first=True) as opened:
        told = {"folder": str(opened.settings.folder), "key": opened.key.key_id}
    typer.echo(json.dumps(told) if as_json else f"a service is in {told['folder']}; it signs with key {told['key']}")


@database.command()
def status(settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Say which revision the database is at, and which one this program works with; nothing is changed."""
    from stillwatch.service.home import look_at
    from stillwatch.service.revisions import HEAD, revision_of
    from stillwatch.service.settings import settings_at
    from stillwatch.store.database import reading

    with look_at(settings_at(settings)) as engine, reading(engine).begin() as connection:
        at, name = revision_of(connection), engine.url.render_as_string(hide_password=True)
    if as_json:
        typer.echo(json.dumps({"database": name, "revision": at, "newest": HEAD, "is_newest": at == HEAD}))
        return
    stands = "the newest that this program knows" if at == HEAD else f"this program works with {HEAD}"
    typer.echo(f"{name} is at revision {at or 'none'}; {stands}")


@database.command()
def upgrade(settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Bring the database to the newest revision, as every command does that opens it; keep a copy before."""
    from stillwatch.service.revisions import HEAD

    with home(settings) as opened:
        before = opened.was_at
    told = {"before": before, "now": HEAD, "changed": before != HEAD}
    typer.echo(json.dumps(told) if as_json else _said(before, HEAD))


def _said(before: str | None, now: str) -> str:
    return f"at {now} already" if before == now else f"from {before or 'before there were revisions'} to {now}"
