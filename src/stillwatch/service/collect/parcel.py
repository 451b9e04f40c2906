"""What bodies hold once they are read, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.quarantine import QUARANTINE

__all__ = ["Outcome", "Parcel", "Share", "joined", "packed", "unpacked"]

_PREFIX_BYTES = 8


@dataclass(frozen=True, slots=True)
class Parcel:
    """Rows of the bodies that were read together.

    rows    Accepted exchanges (`EXCHANGE`), duplicates not yet looked for.
    aside   The others (`QUARANTINE`).
    """

    rows: pa.RecordBatch
    aside: pa.RecordBatch

    @property
    def n_received(self) -> int:
        """Rows that the bodies held."""
        return int(self.rows.num_rows + self.aside.num_rows)

    @property
    def size_bytes(self) -> int:
        """Memory."""
        return int(self.rows.nbytes + self.aside.nbytes)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a parcel is of one body: its rows `start` to below `stop`, and what of it was put aside."""

    start: int
    stop: int
    aside: pa.RecordBatch

    @property
    def n_received(self) -> int:
        """Rows that the body held."""
        return int(self.stop - self.start + self.aside.num_rows)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel; ``n_accepted + n_duplicate + n_quarantined`` are its rows.

    is_durable  It is on the disk, here or in the log in front. When it is not, or duplicates are only found behind the
                log in front, those of `n_accepted` may still turn out to be duplicates.
    is_final    Duplicates were looked for.
    is_new      Which of its accepted rows are no duplicates, once that was looked for.
    """

    n_accepted: int
    n_duplicate: int
    n_quarantined: int
    is_durable: bool = True
    is_final: bool = True
    is_new: NDArray[np.bool_] | None = field(default=None, repr=False, compare=False)

    @property
    def n_received(self) -> int:
        """All of them."""
        return self.n_accepted + self.n_duplicate + self.n_quarantined

    def of(self, share: Share) -> "Outcome":
        """What became of one body of it."""
        n = share.stop - share.start
        n_new = n if self.is_new is None else int(np.count_nonzero(self.is_new[share.start : share.stop]))
        return Outcome(n_new, n - n_new, share.aside.num_rows, is_durable=self.is_durable, is_final=self.is_final)


def joined(batches: Sequence[pa.RecordBatch], nothing: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of some batches as one; `nothing` when there are none."""
    if len(batches) == 1:
        return batches[0]
    whole = pa.Table.from_batches(batches, nothing.schema).combine_chunks().to_batches()
    return whole[0] if whole else nothing


def packed(parcel: Parcel) -> bytes:
    """A parcel as bytes: the length of its rows as an Arrow stream, that stream, and the stream of what is aside."""
    rows = _stream(parcel.rows)
    return len(rows).to_bytes(_PREFIX_BYTES, "little") + rows + _stream(parcel.aside)


def unpacked(data: bytes) -> Parcel:
    """A parcel of bytes that somebody else has written; everything in it is checked.

    Raises  InvalidInput when they are no parcel of this version.

    >>> empty = Parcel(pa.RecordBatch.from_pylist([], EXCHANGE), pa.RecordBatch.from_pylist([], QUARANTINE))
    >>> unpacked(packed(empty)).n_received
    0
    """
    size = int.from_bytes(data[:_PREFIX_BYTES], "little")
    view = memoryview(data)[_PREFIX_BYTES:]
    try:
        return Parcel(_batch(view[:size], EXCHANGE), _batch(view[size:], QUARANTINE))
    except (pa.ArrowException, OSError, ValueError, StopIteration) as error:
        message = f"{len(data):,} bytes are no parcel of exchanges: {type(error).__name__}"
        raise InvalidInput(message) from error


def _stream(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _batch(data: memoryview, schema: pa.Schema) -> pa.RecordBatch:
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        if not reader.schema.equals(schema):
            message = "of another schema"
            raise InvalidInput(message)
        batch = reader.read_next_batch()
    batch.validate(full=True)
    return batch
