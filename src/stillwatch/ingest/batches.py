"""Many small batches made into few of a good size; large ones pass as they are."""

from collections.abc import Iterator

import pyarrow as pa

__all__ = ["Batcher"]


class Batcher:
    """Collects batches until about half of `rows` or `size_bytes` is reached; never hands on more than `rows`."""

    def __init__(self, rows: int, size_bytes: int) -> None:
        self._rows = rows
        self._size_bytes = size_bytes
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._held_bytes = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Take a batch and yield what is ready.

        >>> batch = pa.record_batch({"a": [1, 2, 3]})
        >>> [b.num_rows for b in Batcher(rows=2, size_bytes=1000).add(batch)]
        [2, 1]
        """
        for start in range(0, batch.num_rows, self._rows):
            part = batch.slice(start, self._rows)
            if self._held_rows + part.num_rows > self._rows:
                yield from self.flush()
            self._held.append(part)
            self._held_rows += part.num_rows
            self._held_bytes += part.nbytes
            if 2 * self._held_rows >= self._rows or 2 * self._held_bytes >= self._size_bytes:
                yield from self.flush()

    def flush(self) -> Iterator[pa.RecordBatch]:
        """Yield what is held."""
        held, self._held, self._held_rows, self._held_bytes = self._held, [], 0, 0
        if held:
            yield held[0] if len(held) == 1 else pa.concat_batches(held)
