"""The node's own database, looked at: nothing here asks the forum anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import ColumnElement, Connection, literal_column

from stillwatch.errors import MissingData
from stillwatch.share.node import pins, said, trust_tables
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.store.database import open_database, reading

__all__ = ["MOST", "NEWEST", "has_run", "looking_at", "start_of"]

MOST: Final = 50
"""Rows of a page."""
NEWEST: Final[ColumnElement[int]] = literal_column("rowid")
"""Order in which rows were written, of tables that keep no time."""
_DECLARED: Final = (pins.KEY_SIGHTS, said.OPINIONS, said.SIGHTINGS, trust_tables.GRADES)
"""Tables that stand in modules of their own: named, so that `NODE_TABLES` has them whoever opens it first."""


def has_run(node: NodeSettings) -> bool:
    """Whether the node has ever been started: before that it has no database, and looking makes none."""
    return (node.folder / "node.db").is_file()


@contextmanager
def looking_at(node: NodeSettings) -> Iterator[Connection]:
    """Connection to the node's database for a transaction that only reads; whoever writes is not held up.

    Raises      MissingData when the node has never run; UnreadableSource when its database cannot be opened.
    """
    if not has_run(node):
        message = "the node has never run: there is nothing to look at"
        raise MissingData(message)
    engine = open_database(node.folder / "node.db", NODE_TABLES)
    try:
        with reading(engine).begin() as connection:
            yield connection
    finally:
        engine.dispose()


def start_of(page: int) -> int:
    """First row of a page, from 0 on."""
    return (page - 1) * MOST
