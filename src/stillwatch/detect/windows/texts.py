"""Read texts from a file: one a line, JSONL, a JSON array, CSV or Parquet. What cannot be read says its line."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ingest.streams import compression, open_stream

__all__ = ["COLUMNS", "MOST_BYTES", "read_texts"]

MOST_BYTES = 100 * 1024 * 1024
"""Of a file, after inflating."""

COLUMNS: tuple[str, ...] = ("text", "prompt", "prompt_text", "query", "question", "instruction", "content", "input")
"""Columns that are taken when none is named, the first that is there."""

BOM = b"\xef\xbb\xbf"
PARQUET = b"PAR1"
TABLES = {".csv": ",", ".tsv": "\t"}
JSON_LINES = frozenset({".jsonl", ".ndjson"})


def read_texts(path: str | Path, column: str | None = None) -> list[str]:
    """Texts of a file in order, blank ones left out.

    Parquet, compression (gzip, Zstandard) and JSON arrays are known by their content; CSV, TSV, JSONL and JSON by the
    ending of the name. Lines of any other file that are all JSON objects with the column are JSONL, else a line is a
    text.

    column      Which column or field holds the text; None takes the first of COLUMNS that is there.
    Raises      MissingData if the file or the column is not there; UnreadableSource with the line, for what is no
                UTF-8, not the format it should be, or over MOST_BYTES.
    """
    path = Path(path)
    data, suffix = _content(path)
    if data.startswith(PARQUET):
        return _kept(_parquet(path, data, column))
    data = data.removeprefix(BOM)
    _check_utf8(path, data)
    if suffix in TABLES:
        return _kept(_delimited(path, data, TABLES[suffix], column))
    if suffix == ".json" or data.lstrip()[:1] == b"[":
        array = _array(path, data, must=suffix == ".json")
        if array is not None:
            return _kept(_fields(path, array, column, "element"))
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if suffix in JSON_LINES or _are_objects(lines, column):
        return _kept(_fields(path, _parsed_lines(path, lines), column, "line"))
    return _kept(line.decode() for line in lines)


def _content(path: Path) -> tuple[bytes, str]:
    """Bytes of a file, inflated, and the ending of its name without that of the compression."""
    try:
        with path.open("rb") as raw:
            kind = compression(raw.read(4))
        with open_stream(path, kind, lambda _: None) as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        message = f"{path} does not exist"
        raise MissingData(message) from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise UnreadableSource(message) from error
    if len(data) > MOST_BYTES:
        message = f"{path} is over {MOST_BYTES // 1024**2} MiB: cut it into smaller files"
        raise UnreadableSource(message)
    return data, (Path(path.stem) if kind else path).suffix.lower()


def _kept(texts: Iterator[str]) -> list[str]:
    return [text for text in (found.strip() for found in texts) if text]


def _check_utf8(path: Path, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path} line {line:,}: invalid UTF-8 at byte {error.start + 1:,}; save the file as UTF-8"
        raise UnreadableSource(message) from error


def _parquet(path: Path, data: bytes, column: str | None) -> Iterator[str]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        name = _column(path, file.schema_arrow.names, column)
        size = sum(_sizes(file, name))
        if size > MOST_BYTES:
            message = f"{path}: column {name} is over {MOST_BYTES // 1024**2} MiB: cut it into smaller files"
            raise UnreadableSource(message)
        values = file.read([name])[name]
    except pa.ArrowException as error:
        message = f"{path} is damaged Parquet"
        raise UnreadableSource(message) from error
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        message = f"{path}: column {name} must be text, got {values.type}"
        raise UnreadableSource(message)
    yield from (value for value in values.to_pylist() if value is not None)


def _sizes(file: pq.ParquetFile, name: str) -> Iterator[int]:
    """Bytes of a column in each group of rows, as Parquet states them before it is read."""
    at = file.schema_arrow.names.index(name)
    for group in range(file.metadata.num_row_groups):
        columns = file.metadata.row_group(group)
        if columns.num_columns == len(file.schema_arrow.names):
            yield columns.column(at).total_uncompressed_size


def _delimited(path: Path, data: bytes, delimiter: str, column: str | None) -> Iterator[str]:
    csv.field_size_limit(MOST_BYTES)
    rows = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(rows, [])
        at = header.index(_column(path, header, column))
        for row in rows:
            if row and len(row) != len(header):
                message = f"{path} line {rows.line_num:,}: {len(row):,} fields, the header has {len(header):,}"
                raise UnreadableSource(message)
            yield row[at] if row else ""
    except csv.Error as error:
        message = f"{path} line {rows.line_num:,}: broken CSV: {error}"
        raise UnreadableSource(message) from error


def _array(path: Path, data: bytes, *, must: bool) -> list[object] | None:
    """Elements of a JSON array; None when a file that need not be one is none."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if not must:
            return None
        line = data[: error.pos].count(b"\n") + 1
        message = f"{path} line {line:,}: broken JSON"
        raise UnreadableSource(message) from error
    if not isinstance(value, list):
        message = f"{path} must be a JSON array"
        raise UnreadableSource(message)
    return value


def _are_objects(lines: Sequence[bytes], column: str | None) -> bool:
    """Whether the first lines that are not blank are JSON objects with a column to take."""
    first = [line for line in (line.strip() for line in lines[:100]) if line][:10]
    for line in first:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        if not isinstance(value, dict) or not any(name in value for name in ([column] if column else COLUMNS)):
            return False
    return bool(first)


def _parsed_lines(path: Path, lines: Sequence[bytes]) -> Iterator[object]:
    for number, line in enumerate(lines, start=1):
        try:
            yield orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError as error:
            message = f"{path} line {number:,}: broken JSON at character {error.pos + 1}"
            raise UnreadableSource(message) from error


def _fields(path: Path, values: Iterator[object] | list[object], column: str | None, unit: str) -> Iterator[str]:
    """Text of every value, which is a string or an object with the column; null is blank."""
    name = column
    for number, value in enumerate(values, start=1):
        found = value
        if isinstance(value, dict):
            name = name or _column(path, list(value), None)
            found = value.get(name)
            if name not in value:
                message = f"{path} {unit} {number:,}: no field {name}"
                raise MissingData(message)
        if found is not None and not isinstance(found, str):
            message = f"{path} {unit} {number:,}: must be text, got a JSON {type(found).__name__}"
            raise UnreadableSource(message)
        yield found or ""


def _column(path: Path, names: Sequence[str], column: str | None) -> str:
    wanted = [column] if column else COLUMNS
    found = next((name for name in wanted if name in names), None)
    if found is None:
        listed = ", ".join(names[:20])
        message = f"{path}: no column {' or '.join(wanted)}; there are {listed or 'none'}: name one with --column"
        raise (MissingData if column else InvalidInput)(message)
    return found
