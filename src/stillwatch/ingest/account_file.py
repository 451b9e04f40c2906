"""A table of accounts by itself, without logs."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from stillwatch.errors import UnknownFormat, UnreadableSource
from stillwatch.ingest.accounts import AccountsReader, AccountTable
from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.intake import Intake
from stillwatch.ingest.options import Limits
from stillwatch.ingest.quarantine import Quarantine
from stillwatch.ingest.sources import expand, source_of
from stillwatch.ingest.validate import Validator
from stillwatch.model.account import ACCOUNT

__all__ = ["read_accounts"]

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Accounts may be older than any exchange that is looked at."""


def read_accounts(path: Path, salt: bytes) -> tuple[pa.Table, int]:
    """Table ACCOUNT of a Parquet, NDJSON or CSV file as `ingest` takes it, and how many of its rows were put aside.

    Raises  UnreadableSource when it cannot be read or gives no account; UnknownFormat when it is no such table.
    """
    limits = Limits(earliest=_EARLIEST)
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as spool:
        quarantine, table = Quarantine(Path(spool) / "q.arrow", limits.quarantine_rows), AccountTable(Concealer(salt))
        for file in expand([path], Path(spool)):
            source = source_of(file, lambda _: None)
            if not AccountsReader().recognises(source):
                message = (
                    f"{file.name} is no table of accounts: Parquet, NDJSON or CSV with a column account_id is needed"
                )
                raise UnknownFormat(message)
            for batch in Intake(source, AccountsReader(), Validator(ACCOUNT, limits), quarantine).batches():
                table.add(batch)
        made = table.table()
        if not made.num_rows and len(quarantine):
            message = f"no account could be read from {path}: {quarantine.table()['reason'][0].as_py()}"
            raise UnreadableSource(message)
        return made, len(quarantine)
