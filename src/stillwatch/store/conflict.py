"""Insert a row that may be there already, on either engine."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_if_new"]


def insert_if_new(connection: Connection, table: Table, row: dict[str, object]) -> bool:
    """Insert a row; whether it is new. Of two transactions the second waits for the first."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(row).on_conflict_do_nothing()
    # Without the option the count of an insert is thrown away where the driver could tell it.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
