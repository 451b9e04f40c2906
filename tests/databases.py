"""Databases for tests: a file of SQLite, or an empty schema of the server that ``STILLWATCH_TEST_POSTGRESQL`` names."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

__all__ = ["KIND", "KINDS", "SERVER", "database_url"]

KINDS = ("sqlite", "postgresql")
SERVER = os.environ.get("STILLWATCH_TEST_POSTGRESQL")
KIND = "postgresql" if SERVER else "sqlite"
"""Of tests that run on one: the server, where there is one."""


@contextmanager
def database_url(kind: str, folder: Path) -> Iterator[str]:
    """URL of an empty database of that kind; the test is skipped where there is no server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'service.db'}"
        return
    if not SERVER:
        pytest.skip("STILLWATCH_TEST_POSTGRESQL is not set")
    server = create_engine(make_url(SERVER).set(drivername="postgresql+psycopg"))
    name = f"test_{secrets.token_hex(8)}"
    with server.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    try:
        url = make_url(SERVER).update_query_dict({"options": f"-csearch_path={name}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with server.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
        server.dispose()
