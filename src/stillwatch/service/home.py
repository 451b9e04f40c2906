"""The service's home: its settings, database, key and secret, and where everything lies; opened in one way by all.

::

    FOLDER/service.key       signs the ledger, policies and bundles
    FOLDER/service.secret    authenticates links and forms
    FOLDER/service.db        the database, unless the settings name another
    FOLDER/traffic           exchanges by hour, written by the collector
    FOLDER/watch             what detection found: findings, index, tick.json
    FOLDER/state             what detection remembers
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from stillwatch.act.secret import ServiceSecret
from stillwatch.act.trail import Trail
from stillwatch.errors import MissingData, UnreadableSource
from stillwatch.service.collect.places import Places
from stillwatch.service.revisions import bring_to_head
from stillwatch.service.settings import ServiceSettings
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

__all__ = ["Home", "look_at", "open_home"]

_KEY: Final = "service.key"
_SECRET: Final = "service.secret"  # noqa: S105 - the name of a file
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600


@dataclass(frozen=True)
class Home:
    """A service as all its parts and commands see it.

    key     The service's own.
    was_at  Revision of the database when it was opened; None before there were any. It is at the newest since.
    """

    settings: ServiceSettings
    engine: Engine
    key: SigningKey = field(repr=False)
    was_at: str | None = None

    @cached_property
    def trail(self) -> Trail:
        """Records what people and the service change."""
        return Trail(self.key)

    @cached_property
    def secret(self) -> ServiceSecret:
        """The service's secret; read at first use."""
        return ServiceSecret.open(self.settings.folder / _SECRET)

    @property
    def collected(self) -> Places:
        """Everything of the collector."""
        return Places(self.settings.folder)

    @property
    def traffic(self) -> Path:
        """Exchanges by hour: what is watched."""
        return self.collected.traffic

    @property
    def watch(self) -> Path:
        """Where a tick writes."""
        return self.settings.folder / "watch"

    @property
    def findings(self) -> Path:
        """Findings of the last tick."""
        return self.watch / "findings"

    @property
    def index(self) -> Path:
        """Accused streams, as decisions look them up."""
        return self.watch / "index"

    @property
    def tick(self) -> Path:
        """What the last tick did."""
        return self.watch / "tick.json"

    @property
    def state(self) -> Path:
        """What the watch remembers."""
        return self.settings.folder / "state"


@contextmanager
def open_home(settings: ServiceSettings, *, is_first: bool = False) -> Iterator[Home]:
    """Open a service's home; its database is brought up to date before anything else.

    is_first    Make what is not there: folder, key, secret, database.
    Raises      MissingData when there is no service and none is to be made; UnreadableSource when a part of it cannot
                be opened; IncompatibleVersion when its database is newer than this program, or is no service's.
    """
    if is_first:
        _make(settings)
    with look_at(settings) as engine:
        key = SigningKey.load(settings.folder / _KEY)
        yield Home(settings, engine, key, bring_to_head(engine, is_first=is_first))


@contextmanager
def look_at(settings: ServiceSettings) -> Iterator[Engine]:
    """A service's database as it is, of whatever revision.

    Raises      MissingData when there is no service; UnreadableSource when the database cannot be opened.
    """
    if not _is_there(settings):
        message = f"there is no service in {settings.folder}; start `stillwatch serve` first, or name other --settings"
        raise MissingData(message)
    engine = open_database(settings.database_url, MetaData())
    try:
        yield engine
    finally:
        engine.dispose()


def _is_there(settings: ServiceSettings) -> bool:
    database = _database_file(settings)
    return (settings.folder / _KEY).is_file() and (database is None or database.is_file())


def _database_file(settings: ServiceSettings) -> Path | None:
    """File of a SQLite database; None for a server's, and for what is no URL: `open_database` says what is wrong."""
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        return None
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def _make(settings: ServiceSettings) -> None:
    """Make folder, key, secret and the database's file, each whole; of two that start at once the second finds them.

    Raises  UnreadableSource when the folder cannot be used.
    """
    try:
        settings.folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        with _held(settings.folder):
            _make_key(settings.folder)
            ServiceSecret.open(settings.folder / _SECRET)
            _make_database_file(_database_file(settings))
    except UnreadableSource:
        raise
    except OSError as error:
        message = f"cannot make a service in {settings.folder}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Be the only process that makes things there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_key(folder: Path) -> None:
    path, waiting = folder / _KEY, folder / f".{_KEY}.new"
    if path.exists():
        return
    waiting.unlink(missing_ok=True)  # of a start that was killed
    SigningKey.generate().save(waiting)
    waiting.replace(path)


def _make_database_file(path: Path | None) -> None:
    """An empty file that only its owner may read; SQLite gives its log the same mode."""
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))
