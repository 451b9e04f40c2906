"""Rows that could not be accepted, each with its place and the reason. Never the row's content."""

import pyarrow as pa

from stillwatch.model.column import Column, schema_of

__all__ = ["QUARANTINE", "QUARANTINE_COLUMNS"]

QUARANTINE_COLUMNS: tuple[Column, ...] = (
    Column("source", pa.string(), "File the row came from.", required=True),
    Column("row", pa.int64(), "Line (text formats, from 1), record index (from 1) or byte offset.", required=True),
    Column("unit", pa.string(), "What `row` counts: line, record or byte.", required=True),
    Column("exchange_id", pa.string(), "Id of the row, null when it has none that can be read."),
    Column("field", pa.string(), "Column that is wrong, null when the whole row is."),
    Column("reason", pa.string(), "What is wrong: the rule and the kind of value, never the text.", required=True),
)

QUARANTINE: pa.Schema = schema_of("quarantine", QUARANTINE_COLUMNS)
