"""Data sets as Parquet files: read in batches of bounded size, written as they come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.engine.threads import map_in_order
from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["ParquetDataset", "conform", "narrowed", "open_parquet", "write_parquet"]

T = TypeVar("T", pa.RecordBatch, pa.Table)

_ROW_GROUP_ROWS = 122_880
_ROW_GROUP_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ParquetDataset:
    """A table in Parquet files; its order is that of the files, then of their rows.

    schema          Columns and types.
    paths           The files; they hold at least these columns.
    column_bytes    Size in memory that a row takes in each column: the mean of the row group where it is largest.
    """

    schema: pa.Schema
    paths: tuple[Path, ...]
    column_bytes: Mapping[str, float]

    @property
    def row_bytes(self) -> float:
        """Size of a row in memory, at least 1."""
        return max(1.0, sum(self.column_bytes.get(name, 0.0) for name in self.schema.names))

    def count(self) -> int:
        """Rows."""
        return sum(pq.read_metadata(path).num_rows for path in self.paths)

    def select(self, columns: list[str]) -> Self:
        """Keep only the named columns, in the order of the list; nothing is copied.

        Raises    InvalidInput if a column does not exist.
        """
        return replace(self, schema=narrowed(self.schema, columns))

    def to_table(self, columns: list[str] | None = None) -> pa.Table:
        """Bring the named columns into memory, in the dataset's order.

        Raises    InvalidInput if a column does not exist.
        """
        if columns is not None:
            return self.select(columns).to_table()
        tables = [pq.ParquetFile(path).read(columns=self.schema.names) for path in self.paths]
        return pa.concat_tables([conform(table.select(self.schema.names), self.schema) for table in tables])

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Every row in order, at most `rows` at a time."""
        names = self.schema.names
        for path in self.paths:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=rows, columns=names):
                    yield conform(batch.select(names), self.schema)


def narrowed(schema: pa.Schema, columns: list[str]) -> pa.Schema:
    """Only the named columns of a schema, in the order of the list.

    Raises    InvalidInput if a column does not exist.
    """
    if unknown := [name for name in columns if name not in schema.names]:
        message = f"no such columns: {unknown}; there are {schema.names}"
        raise InvalidInput(message)
    return pa.schema([schema.field(name) for name in columns], metadata=schema.metadata)


def conform(data: T, schema: pa.Schema) -> T:
    """Label `data` with `schema`.

    Raises    InvalidInput if its columns are not named, typed and ordered like that, or hold nulls they must not.

    >>> conform(pa.record_batch({"a": [1]}), pa.schema([pa.field("a", pa.int64(), nullable=False)])).schema
    a: int64 not null
    """
    found = [(field.name, field.type) for field in data.schema]
    declared = [(field.name, field.type) for field in schema]
    if found != declared:
        differing = sorted({name for name, _ in set(found) ^ set(declared)}) or "their order"
        message = f"columns differ from the declared schema: {differing}; got {found}, declared {declared}"
        raise InvalidInput(message)
    for field, column in zip(schema, data.columns, strict=True):
        if not field.nullable and column.null_count:
            message = f"column {field.name!r} is declared without nulls and holds {column.null_count} of them"
            raise InvalidInput(message)
    return type(data).from_arrays(data.columns, schema=schema)


def open_parquet(paths: Sequence[str | Path]) -> ParquetDataset:
    """Take existing Parquet files, in the order given, as one data set.

    Raises    InvalidInput if there is no path or the files' columns differ; UnreadableSource if one is not Parquet.
    """
    if not paths:
        message = "at least one Parquet file is needed, got none"
        raise InvalidInput(message)
    files = tuple(Path(path) for path in paths)
    schemas, column_bytes = zip(*map(_inspect, files), strict=True)
    for path, schema in zip(files, schemas, strict=True):
        if not schema.equals(schemas[0]):
            message = f"columns of {path} differ from those of {files[0]}"
            raise InvalidInput(message)
    return ParquetDataset(schemas[0], files, _largest(column_bytes))


def _largest(sizes: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Largest size of each column."""
    largest: dict[str, float] = {}
    for size in sizes:
        for name, row_bytes in size.items():
            largest[name] = max(row_bytes, largest.get(name, 0.0))
    return largest


def _inspect(path: Path) -> tuple[pa.Schema, dict[str, float]]:
    """Schema of one file, and bytes that a row takes in each of its columns."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            groups = (file.metadata.row_group(i) for i in range(file.num_row_groups))
            return file.schema_arrow, _largest(_stored_bytes(group, file.schema_arrow.names) for group in groups)
    except (OSError, pa.ArrowException) as error:
        message = f"cannot read {path} as Parquet: {error}"
        raise UnreadableSource(message) from error


def _stored_bytes(group: pq.RowGroupMetaData, names: list[str]) -> dict[str, float]:
    """Bytes per row of a row group before compression; leaves of nested columns are added up."""
    sizes = dict.fromkeys(names, 0.0)
    for i in range(group.num_columns):
        leaf = group.column(i)
        name = leaf.path_in_schema if leaf.path_in_schema in sizes else leaf.path_in_schema.split(".")[0]
        sizes[name] = sizes.get(name, 0.0) + leaf.total_uncompressed_size / max(group.num_rows, 1)
    return sizes


def write_parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> ParquetDataset:
    """Write batches of `schema` to `path` as they come, while the next are made; a failure leaves no file.

    Raises    InvalidInput if a batch is not of the schema.
    """
    strings = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    try:
        with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=strings, write_statistics=False) as file:

            def write(table: pa.Table) -> dict[str, float]:
                file.write_table(table, row_group_size=table.num_rows)
                return {name: table[name].nbytes / table.num_rows for name in schema.names}

            with closing(map_in_order(write, _row_groups(batches, schema), threads=1)) as written:
                sizes = _largest(written)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return ParquetDataset(schema, (path,), sizes)


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Join small batches so that a row group is worth its overhead."""
    held: list[pa.RecordBatch] = []
    rows = size_bytes = 0
    for batch in batches:
        held.append(conform(batch, schema))
        rows, size_bytes = rows + batch.num_rows, size_bytes + batch.nbytes
        if rows >= _ROW_GROUP_ROWS or size_bytes >= _ROW_GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, rows, size_bytes = [], 0, 0
    if rows:
        yield pa.Table.from_batches(held, schema)
