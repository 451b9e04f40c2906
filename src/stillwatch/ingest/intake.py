"""One source through its reader and the checks: every row comes out as an accepted row or in quarantine."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from sys import getsizeof

import pyarrow as pa

from stillwatch.ingest.quarantine import Quarantine
from stillwatch.ingest.streams import Damage
from stillwatch.ingest.validate import Validator
from stillwatch.model.reader import Columns, Reader, Record, Rejected, Source

__all__ = ["Intake"]

CHUNK_ROWS = 8192
CHUNK_BYTES = 32 * 1024 * 1024


class Intake:
    """Reads one source.

    n_read  Rows read so far, whatever became of them.
    """

    def __init__(self, source: Source, reader: Reader, validator: Validator, quarantine: Quarantine) -> None:
        self.n_read = 0
        self._source = source
        self._reader = reader
        self._validator = validator
        self._quarantine = quarantine
        self._columns = frozenset(validator.schema.names)
        self._names_exchanges = "exchange_id" in self._columns
        self._held: list[Record] = []
        self._held_bytes = 0
        self._rejected: list[Rejected] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield accepted rows; damage of the container ends the source and is one row of its own."""
        try:
            for item in self._reader.read(self._source):
                yield from self._taken(item)
        except Damage as damage:
            yield from self._flushed()
            self.n_read += 1
            self._quarantine.add(self._source.name, damage.offset, "byte", reason=damage.reason)
        yield from self._flushed()

    def _taken(self, item: Record | Rejected | Columns) -> Iterator[pa.RecordBatch]:
        if isinstance(item, Columns):
            yield from self._flushed()
            self.n_read += item.batch.num_rows
            checked = self._validator.columns(item.batch)
            self._put_aside(Rejected(item.first_row + f.at, f.field, f.reason, f.row_id) for f in checked.faults)
            yield checked.batch
            return
        self.n_read += 1
        if isinstance(item, Rejected):
            self._rejected.append(item)
        else:
            self._hold(item)
        if len(self._held) + len(self._rejected) >= CHUNK_ROWS or self._held_bytes >= CHUNK_BYTES:
            yield from self._flushed()

    def _hold(self, record: Record) -> None:
        fields = record.fields
        if not fields.keys() <= self._columns:
            fields = {name: value for name, value in fields.items() if name in self._columns}
        self._held_bytes += sum(map(getsizeof, fields.values()))
        self._held.append(Record(record.row, fields))

    def _flushed(self) -> Iterator[pa.RecordBatch]:
        """Check what is held; rows go to quarantine in the order of the file."""
        held, self._held, self._held_bytes = self._held, [], 0
        rejected, self._rejected = self._rejected, []
        if held:
            checked = self._validator.records([record.fields for record in held])
            rejected += [Rejected(held[f.at].row, f.field, f.reason, f.row_id) for f in checked.faults]
            yield checked.batch
        self._put_aside(sorted(rejected, key=itemgetter(0)))

    def _put_aside(self, rejected: Iterable[Rejected]) -> None:
        for row in rejected:
            exchange_id = row.exchange_id if self._names_exchanges else None
            self._quarantine.add(
                self._source.name,
                row.row,
                self._reader.unit,
                reason=row.reason,
                field=row.field,
                exchange_id=exchange_id,
            )
