"""The service's database, for whoever only looks: one state of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from stillwatch.store.database import reading

__all__ = ["looking"]


@contextmanager
def looking(engine: Engine) -> Iterator[Connection]:
    """Connection that sees one state of a database, whatever is written meanwhile.

    >>> from sqlalchemy import MetaData
    >>> from stillwatch.store.database import open_database
    >>> with looking(open_database("sqlite://", MetaData())) as connection:
    ...     connection.exec_driver_sql("SELECT 1").scalar()
    1
    """
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with reading(engine).execution_options(**options).begin() as connection:
        yield connection
