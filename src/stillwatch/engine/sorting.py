"""Whole groups in order out of a data set larger than memory: DuckDB sorts and spills, this cuts at group borders."""

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.engine.parquet import ParquetDataset
from stillwatch.errors import OutOfMemory

__all__ = ["sorted_batches", "whole_groups"]

_SORT_SHARE = 0.6
"""Of the stated memory; the rest is for the tables under way and the functions that read them."""


def sorted_batches(
    dataset: ParquetDataset, by: tuple[str, ...], *, rows: int, memory_bytes: int, threads: int, spill: Path
) -> Generator[pa.RecordBatch, None, None]:
    """Rows of `dataset` ordered by the columns `by`, nulls last; equal rows keep the order of the data set.

    Every thread needs memory of its own to merge sorted runs. When that is too much, one thread does the sort again
    and goes on with the row at which several had to give up.

    rows            Rows of a batch, about.
    memory_bytes    Of the engine as a whole.
    spill           Folder for what does not fit; emptied afterwards.
    Raises          OutOfMemory if the sort cannot be done with this much memory or disk.
    """
    given = 0
    failure: Exception | None = None
    for n_threads in dict.fromkeys((threads, 1)):
        settings = {"memory_limit": f"{int(memory_bytes * _SORT_SHARE)}B", "temp_directory": str(spill)}
        try:
            for batch in _skip(_sort(dataset, by, rows, {**settings, "threads": str(n_threads)}), given):
                given += batch.num_rows
                yield batch
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            if "Out of Memory" not in str(error):
                raise
            failure = error
        else:
            return
    message = (
        f"sorting {dataset.count()} rows by {', '.join(by)} does not fit into {memory_bytes / 1e6:.0f}MB: "
        f"raise the memory limit, or free disk space under {spill.parent}"
    )
    raise OutOfMemory(message) from failure


def _sort(
    dataset: ParquetDataset, by: tuple[str, ...], rows: int, settings: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    """Let DuckDB sort."""
    with duckdb.connect(":memory:", config={**settings}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for batch in connection.sql(_order_sql(dataset, by)).to_arrow_reader(rows):
            yield batch.cast(dataset.schema)


def _skip(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Drop the first `rows` rows."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(rows)
        rows = max(0, rows - batch.num_rows)


def _order_sql(dataset: ParquetDataset, by: tuple[str, ...]) -> str:
    """The sort as SQL; file and row number make it stable."""
    columns = ", ".join(map(_quoted, dataset.schema.names))
    files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in dataset.paths)
    order = ", ".join(f"{_quoted(name)} NULLS LAST" for name in by)
    return f"SELECT {columns} FROM read_parquet([{files}]) ORDER BY {order}, file_index, file_row_number"  # noqa: S608 (quoted)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


Hold = Callable[[list[pa.RecordBatch]], list[pa.RecordBatch]]


def whole_groups(
    batches: Iterable[pa.RecordBatch], key: str, rows: int, hold: Hold | None = None
) -> Iterator[pa.Table]:
    """Cut batches sorted by `key` into tables of whole groups: about `rows` rows, or one group if it is larger.

    hold    Called with the rows of a group that grows, gives the same rows back; None keeps them in memory.

    >>> sorted_by_k = [pa.record_batch({"k": k}) for k in ([1, 1, 2], [2, 2], [3, 4])]
    >>> [table["k"].to_pylist() for table in whole_groups(sorted_by_k, "k", rows=3)]
    [[1, 1], [2, 2, 2, 3], [4]]
    """
    done: list[pa.RecordBatch] = []
    last: list[pa.RecordBatch] = []
    for batch in filter(len, batches):
        start = _start_of_last_group(batch, key, last)
        if start is None:
            last.append(batch)
            if hold is not None:
                last = hold(last)
        else:
            done += [*last, batch.slice(0, start)]
            last = [batch.slice(start)]
        if _rows(done) and _rows(done) + _rows(last) >= rows:
            yield pa.Table.from_batches(done)
            done = []
    if done or last:
        yield pa.Table.from_batches([*done, *last])


def _rows(batches: list[pa.RecordBatch]) -> int:
    return sum(batch.num_rows for batch in batches)


def _start_of_last_group(batch: pa.RecordBatch, key: str, last: list[pa.RecordBatch]) -> int | None:
    """Row where the last group of `batch` starts; None when all of it belongs to the group of `last`."""
    run_ends = pc.run_end_encode(batch[key]).run_ends
    if len(run_ends) > 1:
        return int(run_ends[-2].as_py())
    if last and last[-1][key][-1].as_py() == batch[key][0].as_py():
        return None
    return 0
