"""One documented column of an Arrow table that crosses a room's border."""

from typing import NamedTuple

import pyarrow as pa

__all__ = ["Column", "schema_of"]


class Column(NamedTuple):
    """A column with what a reader of the reference page must know.

    name        Column name; units are part of it (``latency_s``, ``cost_usd``).
    type        Arrow type.
    doc         One sentence: meaning, unit, what null means.
    required    True when a row without it is refused.
    semconv     OpenTelemetry attribute it corresponds to, or ``""``.
    """

    name: str
    type: pa.DataType
    doc: str
    required: bool = False
    semconv: str = ""


def schema_of(table: str, columns: tuple[Column, ...]) -> pa.Schema:
    """Arrow schema of `columns`, labelled with the table's name.

    >>> schema_of("pair", (Column("a", pa.int64(), "A number.", required=True),)).metadata
    {b'stillwatch.table': b'pair'}
    """
    fields = [pa.field(c.name, c.type, nullable=not c.required, metadata={"doc": c.doc}) for c in columns]
    return pa.schema(fields, metadata={"stillwatch.table": table})
