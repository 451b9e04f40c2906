"""Rows put aside, each with place, field and reason; on disk once there are many."""

from pathlib import Path

import pyarrow as pa

from stillwatch.model.quarantine import QUARANTINE

__all__ = ["Quarantine"]


class Quarantine:
    """Collects quarantined rows; memory does not grow beyond `rows_in_memory` of them.

    spool   File for the rest; written only when needed.
    """

    def __init__(self, spool: Path, rows_in_memory: int) -> None:
        self._spool = spool
        self._limit = rows_in_memory
        self._rows: list[tuple[str, int, str, str | None, str | None, str]] = []
        self._writer: pa.RecordBatchFileWriter | None = None
        self._n_rows = 0
        self._closed = False

    def __len__(self) -> int:
        """Rows put aside so far."""
        return self._n_rows

    def add(
        self, source: str, row: int, unit: str, *, reason: str, field: str | None = None, exchange_id: str | None = None
    ) -> None:
        """Put one row aside."""
        self._rows.append((_clean(source), row, unit, exchange_id and _clean(exchange_id), field, reason))
        self._n_rows += 1
        if len(self._rows) >= self._limit:
            self._write()

    def table(self) -> pa.Table:
        """All rows as `QUARANTINE`; what was spooled is mapped, not loaded. Nothing can be added afterwards.

        >>> held = Quarantine(Path("unused.arrow"), 10)
        >>> held.add("x.ndjson", 3, "line", reason="broken JSON")
        >>> held.table().to_pylist()[0]["reason"]
        'broken JSON'
        """
        if self._writer is None:
            return pa.Table.from_batches([self._batch()])
        if not self._closed:
            self._write()
            self._writer.close()
            self._closed = True
        return pa.ipc.open_file(pa.memory_map(str(self._spool))).read_all()

    def _batch(self) -> pa.RecordBatch:
        columns = list(zip(*self._rows, strict=True)) or [() for _ in QUARANTINE]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, QUARANTINE, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=QUARANTINE)

    def _write(self) -> None:
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._spool), QUARANTINE)
        self._writer.write_batch(self._batch())
        self._rows.clear()


def _clean(text: str) -> str:
    """Text that UTF-8 can carry: file names and broken ids need not."""
    return text.encode(errors="replace").decode()
