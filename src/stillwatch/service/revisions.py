"""Revisions of the service's database: which it is at, and the way to the one that this program works with.

A database is brought to the newest revision by whoever opens it, in one transaction: it is at the old one or at the new
one, whenever a process is killed. Those that open it at the same time wait for the first. There is no way back; keep a
copy of the database before a new program opens it.
"""

import re
from collections.abc import Collection
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource
from stillwatch.store.database import reading

__all__ = ["HEAD", "bring_to_head", "differences", "revision_of"]

HEAD: Final = "0003"
"""The revision that this program works with; a test holds it against the files of ``migrations/versions``."""

_FIRST: Final = "0001"
_SCRIPTS: Final = "stillwatch.service:migrations"
_VERSION: Final = Table("alembic_version", MetaData(), Column("version_num", String(32)))
_LOCK: Final = 0x7374696C6C77
"""Of PostgreSQL, for whoever upgrades: no other program takes this number by chance."""


def revision_of(connection: Connection) -> str | None:
    """Revision that a database is at; None before there were any.

    >>> from stillwatch.store.database import open_database
    >>> with open_database("sqlite://", MetaData()).begin() as connection:
    ...     revision_of(connection)
    """
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return "+".join(connection.execute(select(_VERSION.c.version_num)).scalars()) or None


def bring_to_head(engine: Engine, *, is_first: bool = False) -> str | None:
    """Bring a database to the newest revision; the one it was at, None for one without any.

    is_first    An empty database is a new service's; otherwise it is none.
    Raises      IncompatibleVersion when it is newer than this program, or has tables of ours that are none of ours;
                MissingData when it is empty; UnreadableSource when it cannot be read or changed.
    """
    try:
        with reading(engine).begin() as connection:
            before = revision_of(connection)
        if before != HEAD:
            with engine.begin() as connection:
                _wait_for_others(connection)
                before = revision_of(connection)
                _upgrade(connection, before, is_first=is_first)
    except SQLAlchemyError as error:
        message = f"cannot upgrade {_name(engine)}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    return before


def differences(connection: Connection, tables: MetaData, among: Collection[str] | None = None) -> list[str]:
    """What is otherwise in a database than in these tables, as alembic calls it.

    among       Names of the tables that are looked at; None is all.

    >>> from stillwatch.store.database import open_database
    >>> with open_database("sqlite://", MetaData()).begin() as connection:
    ...     _ = connection.exec_driver_sql("CREATE TABLE t (a INTEGER)")
    ...     differences(connection, MetaData())
    ['remove_table t']
    """

    def is_looked_at(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or (name != _VERSION.name and (among is None or name in among))

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_looked_at})
    flat: list[tuple[Any, ...]] = []
    for found in compare_metadata(context, tables):
        flat += found if isinstance(found, list) else [found]
    return [" ".join(filter(None, map(_shown, found[:4]))) for found in flat]


def _upgrade(connection: Connection, before: str | None, *, is_first: bool) -> None:
    """Run what is missing, in the transaction of the connection."""
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    scripts = ScriptDirectory.from_config(config)
    known = [script.revision for script in scripts.walk_revisions()]
    if before is None:
        _look_over(connection, scripts, is_first=is_first)
    elif before not in known:
        name = _name(connection.engine)
        message = (
            f"{name} is at revision {before}, of a newer stillwatch; this one knows {known[0]}: install a newer one"
        )
        raise IncompatibleVersion(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _look_over(connection: Connection, scripts: ScriptDirectory, *, is_first: bool) -> None:
    """Whether a database without revisions is a new one, or one from before there were any: then it is adopted."""
    first = scripts.get_revision(_FIRST)
    assert first is not None  # noqa: S101 - it lies in the package
    tables: MetaData = first.module.TABLES
    there = set(inspect(connection).get_table_names()) & set(tables.tables)
    if not there and not is_first:
        message = f"there is no service in {_name(connection.engine)}; start `stillwatch serve` first"
        raise MissingData(message)
    wrong = differences(connection, tables, there)
    if wrong:
        name = _name(connection.engine)
        message = f"the tables of {name} must be those of revision {_FIRST}, they differ: {'; '.join(wrong[:5])}"
        raise IncompatibleVersion(message)


def _wait_for_others(connection: Connection) -> None:
    """Be the only one that upgrades; of SQLite the transaction is that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _shown(part: object) -> str:
    """A table, column, index or name as a word."""
    if part is None or isinstance(part, dict):
        return ""
    return re.sub(r"\W+", " ", str(getattr(part, "name", part)))


def _name(engine: Engine) -> str:
    return "the database " + engine.url.render_as_string(hide_password=True)
