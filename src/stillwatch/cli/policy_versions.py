"""Commands of ``stillwatch policy`` that change what is in force; each is signed and entered into the ledger."""

import json
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.policy_named import version_of
from stillwatch.cli.service_home import By, SettingsAt, home, now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stillwatch.act.policy.activations import Activation
    from stillwatch.act.policy.book import Signer
    from stillwatch.service.home import Home

__all__ = [
    "Stage",
    "activate",
    "add",
    "approve",
    "list_versions",
    "rollback",
    "signer",
    "stop",
]

VersionStart = Annotated[
    str, typer.Argument(metavar="VERSION", help="Version, its first digits, or a file that says the same.")
]


class Stage(IntEnum):
    """Percent of accused streams."""

    ONE = 1
    TEN = 10
    ALL = 100


def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File of a policy, or default, strict.")],
    by: By,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Sign a policy and keep it as a version; nothing is in force by that."""
    from stillwatch.act.policy.versions import add_version
    from stillwatch.cli.policy_named import of_file

    policy = of_file(file)
    with home(settings) as opened, opened.engine.begin() as connection:
        is_new = add_version(connection, policy, signer(opened, by))
    _tell({"version": policy.version, "name": policy.name, "new": is_new}, as_json=as_json)


def list_versions(settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """List versions, and what was put in force when and by whom."""
    from stillwatch.act.policy.activations import activations
    from stillwatch.act.policy.versions import versions
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        keys = {opened.key.key_id: opened.key.verify_key}
        found, changes = versions(connection, keys), activations(connection, keys)
    last = changes[-1] if changes else None
    if as_json:
        listed = [
            {"version": v.version, "name": v.name, "added_at": v.added_at.isoformat(), "added_by": v.added_by}
            for v in found
        ]
        told = {
            "versions": listed,
            "activations": [_activation(c) for c in changes],
            "number": last.number if last else 0,
        }
        typer.echo(json.dumps(told))
        return
    if not found:
        typer.echo("no versions: stillwatch policy add FILE --by YOU")
    for version in found:
        is_in_force = last is not None and last.version == version.version
        stage = f"  in force at {last.stage} %" if is_in_force and last is not None else ""
        typer.echo(
            f"{version.version[:12]}  {version.name}  added {_time(version.added_at)} by {version.added_by}{stage}"
        )
    for change in changes:
        what = f"{change.version[:12]} at {change.stage} %" if change.version else "nothing in force"
        second = f" and {change.approved_by}" if change.approved_by else ""
        typer.echo(f"{change.number:>4}  {_time(change.at)}  {change.how}  {what}  by {change.by}{second}")


def approve(version: VersionStart, by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Stand behind a version as its latest preview shows it, as a second person."""
    from stillwatch.act.policy.approvals import approve as approved

    with home(settings) as opened, opened.engine.begin() as connection:
        whole = version_of(connection, version)
        preview = approved(connection, whole, signer(opened, by))
    _tell({"version": whole, "preview": preview, "approved_by": by}, as_json=as_json)


def activate(
    version: VersionStart,
    by: By,
    stage: Annotated[Stage, typer.Option(help="Percent of accused streams: 1, 10 or 100.")] = Stage.ONE,
    seen: Annotated[
        int | None,
        typer.Option(help="Number of the activation you saw in force.", show_default="the one in force now"),
    ] = None,
    *,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in force for a share of accused streams; it needs a fresh preview."""
    from stillwatch.act.policy.activations import activate as activated

    with home(settings) as opened, opened.engine.begin() as connection:
        whole = version_of(connection, version)
        at = _number(connection) if seen is None else seen
        change = activated(connection, whole, int(stage), signer(opened, by), seen=at)
    _tell(_activation(change), as_json=as_json)


def rollback(by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Go back to the version before, at the stage it had; again, to the one before that."""
    from stillwatch.act.policy.activations import roll_back

    with home(settings) as opened, opened.engine.begin() as connection:
        change = roll_back(connection, signer(opened, by), seen=_number(connection))
    _tell(_activation(change), as_json=as_json)


def stop(by: By, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Put no policy in force: everything is observed."""
    from stillwatch.act.policy.activations import stop as stopped

    with home(settings) as opened, opened.engine.begin() as connection:
        change = stopped(connection, signer(opened, by), seen=_number(connection))
    _tell(_activation(change), as_json=as_json)


def signer(opened: "Home", by: str) -> "Signer":
    """Who signs now, by that person's word; nobody signs in the service's own name."""
    from stillwatch.act.policy.book import Signer
    from stillwatch.act.trail import person

    return Signer(opened.key, person(by), now())


def _number(connection: "Connection") -> int:
    from stillwatch.act.policy.book import highest
    from stillwatch.act.policy.tables import ACTIVATIONS

    return highest(connection, ACTIVATIONS)


def _activation(change: "Activation") -> dict[str, Any]:
    return {
        "number": change.number,
        "how": change.how,
        "version": change.version,
        "stage": change.stage,
        "by": change.by,
        "approved_by": change.approved_by,
        "at": change.at.isoformat(),
    }


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
