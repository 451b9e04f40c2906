"""The service's database, for whoever only looks: one state of it, and never a new file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, MetaData

from stillwatch.act.decide.tables import DECISION_TABLES
from stillwatch.errors import MissingData
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.store.database import open_database, reading

__all__ = ["looking"]


@contextmanager
def looking(database: str) -> Iterator[Connection]:
    """Connection that sees one state of a database, whatever is written meanwhile.

    database    URL, or the path of a SQLite file.
    Raises      MissingData when there is no such file; UnreadableSource when it cannot be opened.
    """
    if "://" not in database and not Path(database).is_file():
        message = f"there is no database {database}"
        raise MissingData(message)
    tables = MetaData()
    for kind in (DECISION_TABLES, LEDGER_TABLES):
        for table in kind.tables.values():
            table.to_metadata(tables)
    engine = open_database(database, tables)
    try:
        options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        with reading(engine).execution_options(**options).begin() as connection:
            yield connection
    finally:
        engine.dispose()
