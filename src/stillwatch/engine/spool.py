"""Groups larger than a share of memory: their rows wait in a file, and are read through the page cache."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

__all__ = ["Spool"]

_SPOOLED: Final = b"spooled"


class Spool:
    """Takes batches of one group out of memory, and gives the whole group back as one chunk a column.

    Columns of numbers without nulls can then be read as arrays that the system pages in and out: memory of the process
    does not grow with the group, but for the largest column while it is put together.

    >>> with Spool(limit_bytes=1) as spool:
    ...     held = spool.hold([pa.record_batch({"n": [1, 2]}), pa.record_batch({"n": [3]})])
    ...     spool.whole(pa.Table.from_batches(held))["n"].to_numpy().tolist()
    [1, 2, 3]
    """

    def __init__(self, limit_bytes: int, folder: str | Path | None = None) -> None:
        """Make nothing yet.

        limit_bytes  Held in memory at most, about.
        folder       Where files are made; None is the system's folder for temporary files.
        """
        self._limit_bytes = limit_bytes
        self._parent = folder
        self._folder: Path | None = None
        self._n_files = self._held_bytes = 0

    def __enter__(self) -> Self:
        """Use the spool; leaving the block removes its files."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def hold(self, batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        """The rows of a group so far, one batch more at every call; those in memory are written down when too many."""
        is_new = len(batches) <= 2
        self._held_bytes = sum(b.nbytes for b in batches) if is_new else self._held_bytes + batches[-1].nbytes
        if self._held_bytes <= self._limit_bytes:
            return batches
        self._held_bytes = 0
        waiting = [batch for batch in batches if not _is_spooled(batch)]
        there = [batch for batch in batches if _is_spooled(batch)]
        return there + self._written(waiting, waiting[0].schema.with_metadata({_SPOOLED: b""}))

    def whole(self, table: pa.Table) -> pa.Table:
        """One chunk a column, in files when the table is larger than what is held in memory."""
        if table.nbytes <= self._limit_bytes:
            return table.replace_schema_metadata(None)
        columns = []
        for i, field in enumerate(table.schema.remove_metadata()):
            part = pa.RecordBatch.from_arrays([_one_chunk(table.column(i))], schema=pa.schema([field]))
            columns.append(self._written([part], part.schema)[0].column(0))
        return pa.Table.from_arrays(columns, schema=table.schema.remove_metadata())

    def forget(self) -> None:
        """Remove the files; what is still mapped can be read on."""
        if self._folder is not None:
            for path in self._folder.iterdir():
                path.unlink()

    def _written(self, batches: list[pa.RecordBatch], schema: pa.Schema) -> list[pa.RecordBatch]:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="stillwatch-group-", dir=self._parent))
        self._n_files += 1
        path = self._folder / f"{self._n_files:06}.arrow"
        with pa.ipc.new_file(str(path), schema) as file:
            for batch in batches:
                file.write_batch(batch.replace_schema_metadata(schema.metadata))
        there = pa.ipc.open_file(pa.memory_map(str(path)))
        return [there.get_batch(i) for i in range(there.num_record_batches)]


def _is_spooled(data: pa.RecordBatch) -> bool:
    return _SPOOLED in (data.schema.metadata or {})


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.combine_chunks()
    return pa.concat_arrays(chunks.chunks) if isinstance(chunks, pa.ChunkedArray) else chunks
