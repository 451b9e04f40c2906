"""The table of accounts: Parquet, NDJSON or CSV with the columns of `ACCOUNT`."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.dedupe import SeenIds
from stillwatch.ingest.delimited import csv_header, csv_records
from stillwatch.ingest.lines import JsonLine, json_lines, sample_objects
from stillwatch.ingest.native_parquet import PARQUET_MAGIC, parquet_batches, parquet_schema
from stillwatch.ingest.streams import Damage
from stillwatch.model.account import ACCOUNT
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["AccountTable", "AccountsReader", "looks_like_accounts"]

LABEL = {b"stillwatch.table": b"account"}
IDS = ("account_id", "organisation_id")


def looks_like_accounts(source: Source) -> bool:
    r"""Whether a file found among logs is a table of accounts: it says so, or has no columns but those of `ACCOUNT`.

    >>> import io
    >>> head = b"account_id,programme\na,research\n"
    >>> looks_like_accounts(Source("x", lambda: io.BytesIO(head), head))
    True
    """
    if source.head.startswith(PARQUET_MAGIC):
        return _parquet_says_so(source)
    names = _names(source)
    return "account_id" in names and names <= set(ACCOUNT.names)


def _parquet_says_so(source: Source) -> bool:
    try:
        schema = parquet_schema(source)
    except Damage:
        return False
    if (schema.metadata or {}).items() >= LABEL.items():
        return True
    return "account_id" in schema.names and set(schema.names) <= set(ACCOUNT.names)


def _names(source: Source) -> set[str]:
    objects = sample_objects(source)
    return set().union(*objects) if objects else set(csv_header(source))


class AccountsReader:
    """Reads a table of accounts; used only where a file is named or found to be one."""

    name = "accounts"
    unit = "record"

    def recognises(self, source: Source, /) -> bool:
        """True when the file has a column ``account_id``."""
        if source.head.startswith(PARQUET_MAGIC):
            try:
                return "account_id" in parquet_schema(source).names
            except Damage:
                return True
        return "account_id" in _names(source)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every row; text formats count lines."""
        if source.head.startswith(PARQUET_MAGIC):
            yield from parquet_batches(source, set(ACCOUNT.names))
        elif sample_objects(source):
            with source.open() as stream:
                for line in json_lines(stream):
                    yield Record(line.row, line.fields) if isinstance(line, JsonLine) else line
        else:
            yield from csv_records(source)


class AccountTable:
    """Accounts collected from several files; the first row of an account counts."""

    def __init__(self, concealer: Concealer) -> None:
        self._concealer = concealer
        self._seen = SeenIds()
        self._batches: list[pa.RecordBatch] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Add checked rows of `ACCOUNT`."""
        batch = self._concealer.columns(batch, IDS)
        batch = _changed(batch, "payment_fingerprint", self._concealer.payments(batch.column("payment_fingerprint")))
        batch = _changed(batch, "email_domain", _domains(batch.column("email_domain")))
        is_new = self._seen.add(batch.column("account_id"))
        self._batches.append(batch if np.all(is_new) else batch.filter(pa.array(is_new)))

    def table(self) -> pa.Table:
        """All accounts as `ACCOUNT`."""
        return pa.Table.from_batches(self._batches, ACCOUNT)


def _changed(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    index = batch.schema.get_field_index(name)
    return batch.set_column(index, batch.schema.field(index), column)


def _domains(array: pa.Array) -> pa.Array:
    """Domains without the name before the @, in lower case."""
    encoded = array.dictionary_encode()
    domains = [text.rpartition("@")[2].strip().lower() or None for text in encoded.dictionary.to_pylist()]
    return pa.array(domains, pa.string()).take(encoded.indices)
