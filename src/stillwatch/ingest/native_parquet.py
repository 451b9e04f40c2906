"""stillwatch's own Parquet: any file whose columns carry the names of the record."""

import contextlib
import tempfile
from collections.abc import Iterator
from shutil import copyfileobj
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.ingest.streams import Damage
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Columns, Record, Rejected, Source

__all__ = ["PARQUET_MAGIC", "NativeParquet", "parquet_batches", "parquet_file", "parquet_schema"]

PARQUET_MAGIC = b"PAR1"
BATCH_ROWS = 65_536
BATCH_BYTES = 64 * 1024 * 1024
UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)
"""What damaged bytes make Arrow raise: names that are no text, sizes that are none, pages that do not inflate."""


class NativeParquet:
    """Reads Parquet row group by row group, only the columns of the record, as Arrow columns throughout."""

    name = "parquet"
    unit = "record"

    def recognises(self, source: Source, /) -> bool:
        """True for Parquet with the required columns, and for Parquet whose footer is broken: its damage is counted."""
        if not source.head.startswith(PARQUET_MAGIC):
            return False
        try:
            names = parquet_schema(source).names
        except Damage:
            return True
        return "exchange_id" in names and ("account_id" in names or "time" in names)

    def read(self, source: Source, /) -> Iterator[Record | Rejected | Columns]:
        """Yield every row; a row group that cannot be decoded is one rejected row and the next one is read."""
        yield from parquet_batches(source, set(EXCHANGE.names))


def parquet_schema(source: Source) -> pa.Schema:
    """Arrow schema of a Parquet source.

    Raises      Damage if the footer cannot be read.
    """
    with parquet_file(source) as file:
        return file.schema_arrow


@contextlib.contextmanager
def parquet_file(source: Source) -> Iterator[pq.ParquetFile]:
    """Open a source as Parquet; a compressed one is inflated to a temporary file first, Parquet is read backwards.

    Raises      Damage if the footer cannot be read.
    """
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(source.open())
        if source.path is None:
            inflated = cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile()))
            copyfileobj(stream, inflated)
            stream = inflated
        size = stream.seek(0, 2)
        stream.seek(0)
        try:
            file = pq.ParquetFile(pa.PythonFile(stream, mode="r"), pre_buffer=False)
            _ = file.schema_arrow
        except UNREADABLE as error:
            reason = "Parquet footer is broken"
            raise Damage(reason, size) from error
        yield file


def parquet_batches(source: Source, names: set[str]) -> Iterator[Rejected | Columns]:
    """Yield the columns in `names` of every row group, about 64 MiB at a time; rows count from 1."""
    with parquet_file(source) as file:
        columns = [name for name in file.schema_arrow.names if name in names]
        first_row = 1
        for group in range(file.metadata.num_row_groups):
            meta = file.metadata.row_group(group)
            yield from _group_batches(file, group, columns, first_row)
            first_row += meta.num_rows


def _group_batches(
    file: pq.ParquetFile, group: int, columns: list[str], first_row: int
) -> Iterator[Rejected | Columns]:
    meta = file.metadata.row_group(group)
    row = first_row
    try:
        for batch in file.iter_batches(_batch_rows(meta), row_groups=[group], columns=columns):
            yield Columns(row, batch)
            row += batch.num_rows
    except UNREADABLE:
        lost = first_row + meta.num_rows - row
        yield Rejected(row, None, f"row group {group} is damaged, {lost:,} rows of it cannot be read")
        return
    if row != first_row + meta.num_rows:
        yield Rejected(row, None, f"row group {group} has {row - first_row:,} rows, its footer says {meta.num_rows:,}")


def _batch_rows(meta: pq.RowGroupMetaData) -> int:
    """Rows that make about `BATCH_BYTES` once decoded."""
    row_bytes = max(1, int(meta.total_byte_size) // max(1, int(meta.num_rows)))
    return max(64, min(BATCH_ROWS, BATCH_BYTES // row_bytes))
