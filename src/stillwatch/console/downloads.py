"""A table as a file: CSV that no spreadsheet takes for formulas, or Parquet."""

import io
import re
from http import HTTPStatus
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from starlette.responses import Response

from stillwatch.console.visit import Visit
from stillwatch.errors import MissingData
from stillwatch.web.problem import Problem

__all__ = ["MOST_ROWS", "download", "plain_cells"]

MOST_ROWS: Final = 1_000_000
_FORMULA: Final = r"^[=+\-@\t\r\n＝＋－＠]"
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 80


def download(visit: Visit, table: pa.Table, name: str) -> Response:
    """The table, in the form that the query asks for by `as`: csv or parquet.

    name        Of the file, without its ending; what an id may hold and a header may not becomes an underscore.
    Raises      MissingData for another form; Problem 413 for more rows than a browser should be sent.
    """
    if len(table) > MOST_ROWS:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{len(table):,} rows are too many; filter them first")
    form, out = visit.asked("as", "csv", "parquet"), io.BytesIO()
    if form == "csv":
        pacsv.write_csv(plain_cells(table), out)
        kind = "text/csv; charset=utf-8"
    elif form == "parquet":
        pq.write_table(table, out, compression="zstd")
        kind = "application/vnd.apache.parquet"
    else:
        message = "a download must be csv or parquet"
        raise MissingData(message)
    plain_name = _ODD.sub("_", name)[:_LONGEST_NAME]
    headers = {"content-disposition": f'attachment; filename="{plain_name}.{form}"', "cache-control": "no-store"}
    return Response(out.getvalue(), media_type=kind, headers=headers)


def plain_cells(table: pa.Table) -> pa.Table:
    """The same for CSV: lists become one text, and what a spreadsheet would compute begins with an apostrophe.

    References  OWASP, "CSV Injection".

    >>> plain_cells(pa.table({"a": ["=1+1", "b"]}))["a"].to_pylist()
    ["'=1+1", 'b']
    """
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if pa.types.is_list(field.type):
            column = pa.chunked_array(
                [[None if row is None else " ".join(row) for row in column.to_pylist()]], pa.string()
            )
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.cast(pa.string())
            is_formula = pc.match_substring_regex(column, _FORMULA)
            column = pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
            table = table.set_column(at, field.name, column)
    return table
