"""Policies as commands name them: a file, one that comes along, or a version in the database."""

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.cli.service_home import home
from stillwatch.errors import MissingData

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stillwatch.act.policy.policy import Policy

__all__ = ["of_file", "of_name", "version_of"]


def of_file(name: str) -> "Policy":
    """Policy of a file, or one that comes along."""
    from stillwatch.act.policy.packaged import packaged
    from stillwatch.act.policy.read import policy_of_file

    path = Path(name)
    return packaged(name) if name in {"default", "strict"} and not path.exists() else policy_of_file(path)


def of_name(name: str, settings: Path | None) -> "Policy":
    """Policy of a file, of those that come along, or of a version in the database."""
    if Path(name).exists() or name in {"default", "strict"}:
        return of_file(name)
    if not name.isalnum():
        message = f"no file {name}, and no version has such a name"
        raise MissingData(message)
    from stillwatch.act.policy.versions import find_version, load_version
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        keys = {opened.key.key_id: opened.key.verify_key}
        return load_version(connection, find_version(connection, name), keys)


def version_of(connection: "Connection", name: str) -> str:
    """Version, whole, by its first digits or by a file that says the same."""
    from stillwatch.act.policy.versions import find_version
    from stillwatch.errors import InvalidInput

    if not Path(name).is_file():
        return find_version(connection, name)
    version = of_file(name).version
    try:
        return find_version(connection, version)
    except MissingData as error:
        message = f"{name} is version {version[:12]}, which was not added: stillwatch policy add {name} --by NAME"
        raise InvalidInput(message) from error
