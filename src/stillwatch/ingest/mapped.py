"""Reads any CSV, JSON-lines or Parquet log through a mapping."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from stillwatch.errors import InvalidInput
from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.delimited import csv_header, csv_records
from stillwatch.ingest.lines import JsonLine, json_lines, sample_objects
from stillwatch.ingest.mapping import MappedColumn, Mapping
from stillwatch.ingest.native_parquet import PARQUET_MAGIC, parquet_batches, parquet_schema
from stillwatch.ingest.streams import Damage
from stillwatch.ingest.times import epoch_microseconds
from stillwatch.ingest.typed import python_values
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["MappedReader"]

REQUIRED = frozenset(field.name for field in EXCHANGE if not field.nullable)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MappedReader:
    """Reads what a mapping describes; a file is its own when it has the columns mapped to the required ones.

    unit    ``line`` as most such files are text; in Parquet the number counts records.
    """

    name = "mapping"
    unit = "line"

    def __init__(self, mapping: Mapping, concealer: Concealer) -> None:
        self._mapping = mapping
        self._concealer = concealer

    def recognises(self, source: Source, /) -> bool:
        """True when all required columns are there.

        Raises      InvalidInput if a table has those, but lacks other columns that are mapped.
        """
        names, is_table = _names(source)
        missing = self._missing(names)
        if any(column.name in REQUIRED for column in missing):
            return False
        if missing and is_table:
            where = ", ".join(f"{column.column} ({self._mapping.name}:{column.line})" for column in missing)
            message = f"{source.name} has no column {where}"
            raise InvalidInput(message)
        return True

    def why_not(self, source: Source) -> str:
        """Say which columns a source lacks; none means that a mapping would be asked again in vain."""
        missing = [column.column or "" for column in self._missing(_names(source)[0]) if column.name in REQUIRED]
        return f"the mapping's columns are not in it: {', '.join(missing)}"

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every row."""
        for row in _rows(source, self._mapping.delimiter, {_top(column) for column in self._mapping.columns}):
            yield self._mapped(row) if isinstance(row, Record) else row

    def _missing(self, names: set[str]) -> list[MappedColumn]:
        return [c for c in self._mapping.columns if c.column is not None and not {c.column, _top(c)} & names]

    def _mapped(self, row: Record) -> Record | Rejected:
        fields: dict[str, object] = {}
        for column in self._mapping.columns:
            value = column.value if column.column is None else _at(row.fields, column.column)
            try:
                fields[column.name] = None if value is None else self._converted(value, column)
            except ValueError as reason:
                return Rejected(row.row, column.name, f"{column.name} {reason}")
        return Record(row.row, fields)

    def _converted(self, value: object, column: MappedColumn) -> object:
        """Apply hash, unit and format. Raises ValueError with a reason."""
        if not (column.is_secret or column.unit or column.format):
            return value
        text = value.decode() if isinstance(value, bytes) else str(value)
        if column.is_secret:
            return self._concealer.keyed_secret(text) if text else None
        return _time(text, column)


def _time(text: str, column: MappedColumn) -> datetime:
    if column.format:
        try:
            time = datetime.strptime(text.strip(), column.format)  # noqa: DTZ007 - the zone is UTC when there is none
        except ValueError as error:
            reason = f"does not follow the format {column.format}"
            raise ValueError(reason) from error
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    try:
        return EPOCH + timedelta(microseconds=epoch_microseconds(Decimal(text.strip()), column.unit))
    except (InvalidOperation, ValueError, OverflowError) as error:
        reason = f"is no number of {column.unit} since 1970"
        raise ValueError(reason) from error


def _top(column: MappedColumn) -> str:
    return (column.column or "").partition(".")[0]


def _at(fields: dict[str, object], path: str) -> object:
    """Value at a dotted path; a column whose name holds the dots goes first; None when there is nothing."""
    if path in fields:
        return fields[path]
    value: object = fields
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.lstrip("-").isdecimal() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _names(source: Source) -> tuple[set[str], bool]:
    """Columns of a source, and whether these are all (a table) or just those of the first objects."""
    if source.head.startswith(PARQUET_MAGIC):
        try:
            return set(parquet_schema(source).names), True
        except Damage:
            return set(), False
    if objects := sample_objects(source):
        return set().union(*objects), False
    return set(csv_header(source)), True


def _rows(source: Source, delimiter: str | None, columns: set[str]) -> Iterator[Record | Rejected]:
    if source.head.startswith(PARQUET_MAGIC):
        for item in parquet_batches(source, columns):
            yield from _records(item) if isinstance(item, Columns) else [item]
    elif sample_objects(source):
        with source.open() as stream:
            for line in json_lines(stream):
                yield Record(line.row, line.fields) if isinstance(line, JsonLine) else line
    else:
        yield from csv_records(source, delimiter)


def _records(columns: Columns) -> Iterator[Record]:
    names = columns.batch.schema.names
    values = [python_values(_decoded(column)) for column in columns.batch.columns]
    for i, row in enumerate(zip(*values, strict=True)):
        yield Record(columns.first_row + i, dict(zip(names, row, strict=True)))


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
