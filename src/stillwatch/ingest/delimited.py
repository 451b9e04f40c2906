"""CSV row by row: each with its line, invalid text refused, memory bounded."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from stillwatch.ingest.lines import LINE_BYTES
from stillwatch.model.reader import Record, Rejected, Source

if TYPE_CHECKING:
    import _csv

__all__ = ["csv_header", "csv_records"]

DELIMITERS = ",;\t|"
MOST_FIELDS = 10_000


def _delimiter(first_line: str) -> str:
    return max(DELIMITERS, key=first_line.count)


def _text(source: Source) -> TextIO:
    return io.TextIOWrapper(source.open(), "utf-8-sig", errors="surrogateescape", newline="")


def csv_header(source: Source, delimiter: str | None = None) -> list[str]:
    r"""Column names of a CSV file: its first line; empty when that cannot be a header.

    delimiter   None takes the one of ``, ; tab |`` that is most frequent in the first line.

    >>> head = b"a;b\n1;2\n"
    >>> csv_header(Source("x", lambda: io.BytesIO(head), head))
    ['a', 'b']
    """
    first, newline, _ = source.head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if not newline or b"\0" in first or not first.strip():
        return []
    try:
        line = first.decode()
        names = next(csv.reader([line.rstrip("\r")], delimiter=delimiter or _delimiter(line), strict=True))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return []
    names = [name.strip() for name in names]
    return names if len(names) <= MOST_FIELDS and all(names) and len(set(names)) == len(names) else []


def csv_records(source: Source, delimiter: str | None = None) -> Iterator[Record | Rejected]:
    r"""Yield every row that is not blank; `row` is the line it begins on. Empty fields are left out.

    >>> head = b'a,b\n1,\n"x\ny",2\n1,2,3\n'
    >>> [tuple(r)[:2] for r in csv_records(Source("x", lambda: io.BytesIO(head), head))]
    [(2, {'a': '1'}), (3, {'a': 'x\ny', 'b': '2'}), (5, None)]
    """
    names = csv_header(source, delimiter)
    first = source.head.partition(b"\n")[0].decode(errors="replace")
    with _text(source) as stream:
        rows = _rows(csv.reader(stream, delimiter=delimiter or _delimiter(first)))
        next(rows, None)
        for row, fields in rows:
            if isinstance(fields, str):
                yield Rejected(row, None, fields)
            elif fields:
                yield _record(row, names, fields)


def _rows(reader: "_csv.Reader") -> Iterator[tuple[int, list[str] | str]]:
    """Rows with the line each begins on; a string says why a row cannot be read."""
    csv.field_size_limit(LINE_BYTES)
    while True:
        row = reader.line_num + 1
        try:
            yield row, next(reader)
        except csv.Error as error:
            yield row, f"broken CSV: {error}"
        except StopIteration:
            return


def _record(row: int, names: list[str], fields: list[str]) -> Record | Rejected:
    if len(fields) != len(names):
        return Rejected(row, None, f"{len(fields):,} fields, the header has {len(names):,}")
    kept = {name: field for name, field in zip(names, fields, strict=True) if field}
    for name, field in kept.items():
        try:
            field.encode()
        except UnicodeEncodeError:
            return Rejected(row, name, f"{name} is invalid UTF-8")
    return Record(row, dict(kept))
