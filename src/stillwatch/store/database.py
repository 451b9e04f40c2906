"""Open a database: one way to connect, whichever engine is behind the URL."""

from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["empty_log", "open_database", "reading"]

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_WAIT_S = 30
_PATIENCE_MS = 200
_READS = "stillwatch_reads"
_CABLE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A server that has vanished, and says nothing any more, is noticed in half a minute; the system's own is two hours."""


def open_database(url: str | Path, tables: MetaData) -> Engine:
    """Connect, and make the tables that are not there.

    A transaction of SQLite takes the lock to write when it begins, so that nobody who has read must give up on writing;
    what was committed survives a power cut (write-ahead log, full synchronisation); what was deleted is overwritten.
    Values are in no error's text.

    url         ``sqlite:///PATH``, ``postgresql://...``, or the path of a SQLite file.
    Raises      InvalidInput for another scheme; UnreadableSource when the database cannot be opened.

    >>> open_database("sqlite://", MetaData()).dialect.name
    'sqlite'
    """
    text = str(url) if "://" in str(url) else f"sqlite:///{url}"
    try:
        parsed = make_url(text)
    except ArgumentError as error:
        message = "a database URL must look like sqlite:///PATH or postgresql://HOST/NAME"
        raise InvalidInput(message) from error
    if parsed.drivername not in _DRIVERS:
        message = f"a database must be sqlite or postgresql, got {parsed.drivername}"
        raise InvalidInput(message)
    is_sqlite = parsed.drivername == "sqlite"
    cable = {name: value for name, value in _CABLE.items() if name not in parsed.query}
    options: dict[str, Any] = {"connect_args": {"timeout": _WAIT_S} if is_sqlite else cable}
    options |= {} if is_sqlite else {"pool_pre_ping": True}
    options |= {"json_serializer": _json, "json_deserializer": _of_json, "hide_parameters": True}
    engine = create_engine(parsed.set(drivername=_DRIVERS[parsed.drivername]), **options)
    if is_sqlite:
        _settle_sqlite(engine)
    try:
        tables.create_all(engine)
    except SQLAlchemyError as error:
        message = f"cannot open the database {parsed.render_as_string(hide_password=True)}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    return engine


def reading(engine: Engine) -> Engine:
    """The same database for transactions that only read: of SQLite they see one state and wait for no writer.

    >>> with reading(open_database("sqlite://", MetaData())).begin() as connection:
    ...     connection.exec_driver_sql("SELECT 1").scalar()
    1
    """
    return engine.execution_options(**{_READS: True})


def empty_log(engine: Engine) -> bool:
    """Bring SQLite's write-ahead log into the database and cut it off, so that nothing that was deleted is left in it.

    Whether that could be done now: it is not waited for readers. Of another engine there is nothing to do.

    >>> empty_log(open_database("sqlite://", MetaData()))
    True
    """
    if engine.dialect.name != "sqlite":
        return True
    pooled = engine.raw_connection()
    try:
        connection: Any = pooled.driver_connection
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}").close()
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout={_WAIT_S * 1000}").close()
    finally:
        pooled.close()
    return bool(busy == 0)


def _of_json(text: Any) -> Any:  # noqa: ANN401 - any JSON
    """SQLite keeps a document that is but a number as that number."""
    return orjson.loads(text) if isinstance(text, str | bytes) else text


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _settle_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection
        connection.isolation_level = None  # transactions begin where `began` says, not where the driver guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def began(connection: Any) -> None:  # noqa: ANN401
        reads = connection.get_execution_options().get(_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
