"""Commands of ``stillwatch policy`` that change what is in force; each is signed and entered into the ledger."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import MissingData

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stillwatch.act.policy.activations import Activation
    from stillwatch.act.policy.book import Signer
    from stillwatch.signing.keys import SigningKey

__all__ = ["Db", "Key", "activate", "add", "approve", "list_versions", "opened", "rollback", "stop"]

DB = "stillwatch-service/service.db"
Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="STILLWATCH_SERVICE_DB",
        help="The service's database: sqlite or postgresql, or a path.",
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="STILLWATCH_SERVICE_KEY",
        help="The service's signing key; made at first use.",
        show_default="beside a SQLite database, else service.key",
    ),
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; it stands in the ledger.")]
VersionStart = Annotated[str, typer.Argument(metavar="VERSION", help="Version, or its first digits.")]


class Stage(IntEnum):
    """Percent of accused streams."""

    ONE = 1
    TEN = 10
    ALL = 100


def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File of a policy.")],
    by: By,
    db: Db = DB,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Sign a policy and keep it as a version; nothing is in force by that."""
    from stillwatch.act.policy.read import policy_of_file
    from stillwatch.act.policy.versions import add_version

    policy = policy_of_file(Path(file))
    with opened(db, key, is_first=True) as (connection, signing):
        is_new = add_version(connection, policy, _signer(signing, by))
    _tell({"version": policy.version, "name": policy.name, "new": is_new}, as_json=as_json)


def list_versions(db: Db = DB, key: Key = None, as_json: AsJson = False) -> None:
    """List versions, and what was put in force when and by whom."""
    from stillwatch.act.policy.activations import activations
    from stillwatch.act.policy.versions import versions

    with opened(db, key) as (connection, signing):
        keys = {signing.key_id: signing.verify_key}
        found, changes = versions(connection, keys), activations(connection, keys)
    now = changes[-1] if changes else None
    if as_json:
        listed = [
            {"version": v.version, "name": v.name, "added_at": v.added_at.isoformat(), "added_by": v.added_by}
            for v in found
        ]
        told = {
            "versions": listed,
            "activations": [_activation(c) for c in changes],
            "number": now.number if now else 0,
        }
        typer.echo(json.dumps(told))
        return
    for version in found:
        is_in_force = now is not None and now.version == version.version
        stage = f"  in force at {now.stage} %" if is_in_force and now is not None else ""
        typer.echo(
            f"{version.version[:12]}  {version.name}  added {_time(version.added_at)} by {version.added_by}{stage}"
        )
    for change in changes:
        what = f"{change.version[:12]} at {change.stage} %" if change.version else "nothing in force"
        second = f" and {change.approved_by}" if change.approved_by else ""
        typer.echo(f"{change.number:>4}  {_time(change.at)}  {change.how}  {what}  by {change.by}{second}")


def approve(version: VersionStart, by: By, db: Db = DB, key: Key = None, as_json: AsJson = False) -> None:
    """Stand behind a version as its latest preview shows it, as a second person."""
    from stillwatch.act.policy.approvals import approve as approved
    from stillwatch.act.policy.versions import find_version

    with opened(db, key) as (connection, signing):
        whole = find_version(connection, version)
        preview = approved(connection, whole, _signer(signing, by))
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
    db: Db = DB,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in force for a share of accused streams; it needs a fresh preview."""
    from stillwatch.act.policy.activations import activate as activated
    from stillwatch.act.policy.versions import find_version

    with opened(db, key) as (connection, signing):
        whole = find_version(connection, version)
        at = _number(connection) if seen is None else seen
        change = activated(connection, whole, int(stage), _signer(signing, by), seen=at)
    _tell(_activation(change), as_json=as_json)


def rollback(by: By, db: Db = DB, key: Key = None, as_json: AsJson = False) -> None:
    """Go back to the version before, at the stage it had; again, to the one before that."""
    from stillwatch.act.policy.activations import roll_back

    with opened(db, key) as (connection, signing):
        change = roll_back(connection, _signer(signing, by), seen=_number(connection))
    _tell(_activation(change), as_json=as_json)


def stop(by: By, db: Db = DB, key: Key = None, as_json: AsJson = False) -> None:
    """Put no policy in force: everything is observed."""
    from stillwatch.act.policy.activations import stop as stopped

    with opened(db, key) as (connection, signing):
        change = stopped(connection, _signer(signing, by), seen=_number(connection))
    _tell(_activation(change), as_json=as_json)


@contextmanager
def opened(db: str, key: Path | None, *, is_first: bool = False) -> "Iterator[tuple[Connection, SigningKey]]":
    """A transaction with the service's database, and its key; what was not done whole is not done.

    is_first    Make database, folder and key when they are not there.
    """
    from stillwatch.act.policy.book import open_policies
    from stillwatch.signing.keys import SigningKey

    sqlite = db.removeprefix("sqlite:///")
    is_file = "://" not in sqlite
    path = key or (Path(sqlite).with_suffix(".key") if is_file else Path("service.key"))
    if is_first and is_file:
        Path(sqlite).parent.mkdir(parents=True, exist_ok=True)
    if is_file and not is_first and not Path(sqlite).exists():
        message = f"no database {sqlite}; stillwatch policy add FILE makes it"
        raise MissingData(message)
    if is_first and not path.exists():
        SigningKey.generate().save(path)
        typer.echo(f"the service's key is new: {path}; keep it, policies are signed with it", err=True)
    signing = SigningKey.load(path)
    engine = open_policies(db)
    try:
        with engine.begin() as connection:
            yield connection, signing
    finally:
        engine.dispose()


def _signer(key: "SigningKey", by: str) -> "Signer":
    from stillwatch.act.policy.book import Signer
    from stillwatch.act.policy.people import person

    return Signer(key, person(by), datetime.now(UTC))


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
