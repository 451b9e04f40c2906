"""Insert a row that may be there already, on either engine."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_if_new"]


def insert_if_new(connection: Connection, table: Table, row: dict[str, object]) -> bool:
    """Insert a row; whether it is new. Of two transactions the second waits for the first."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(row).on_conflict_do_nothing()
    # Of an insert the count is not kept unless asked for: on PostgreSQL every row would seem to be there already.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
