"""Parcels from the stream in front to the journal: each exchange once.

A parcel is taken from the stream only after it was flushed to the disk, and one that is taken twice, because the
process was killed between the two, is known by the ids of its exchanges. Rows put aside have no ids; those of such a
parcel may be noted twice.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Final

import redis

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.metrics import NO_METRICS, Metrics
from stillwatch.service.collect.parcel import Outcome, Parcel, unpacked
from stillwatch.service.collect.redis_stream import PARCEL, StreamName, checked_stream, connected
from stillwatch.service.collect.refusal import Refusal

__all__ = ["RedisSource", "drain_running"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_WRITER: Final = "writer"
_AT_ONCE: Final = 64
_BLOCK_MS: Final = 500
_RETRY_S: Final = 1.0


class RedisSource:
    """Takes parcels from the stream to a journal, in a thread.

    problem     Why nothing is taken just now, for whoever tells how the service fares; None when all is well.
    """

    def __init__(
        self, url: str, journal: Journal, name: StreamName | None = None, *, metrics: Metrics = NO_METRICS
    ) -> None:
        self._name = name or StreamName()
        self._journal, self._metrics = journal, metrics
        self._client = connected(url)
        self._ends = threading.Event()
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._run, name="stillwatch-redis-source", daemon=True)

    def start(self) -> None:
        """Begin, with what was taken and not finished by the last process."""
        self._thread.start()

    def close(self) -> None:
        """End after the parcels at hand."""
        self._ends.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        """Redis may be away, or lose everything, at any time: then the group is made and what is pending read again."""
        while not self._ends.is_set():
            try:
                self._make_group()
                for entries in self._entries():
                    if self._ends.is_set():
                        break
                    if not self._take(entries):
                        self.problem = "what comes from Redis cannot be written"
                        break
                    self.problem = None
            except redis.RedisError as error:
                self.problem = f"Redis cannot be read: {type(error).__name__}"
                _LOG.warning("the log in front cannot be read: %s", type(error).__name__)
                self._metrics.count("stillwatch_collect_redis_failures_total")
            self._ends.wait(_RETRY_S)

    def _make_group(self) -> None:
        with contextlib.suppress(redis.ResponseError):  # it is there
            self._client.xgroup_create(self._name.stream, self._name.group, id="0", mkstream=True)

    def _entries(self) -> Iterator[list[tuple[bytes, dict[bytes, bytes]]]]:
        """What this writer has taken before, what others left lying, then what is new."""
        last = b"0"
        while entries := self._read(last):
            last = entries[-1][0]
            yield entries
        while not self._ends.is_set():
            yield self._taken_over() or self._read(b">")

    def _read(self, after: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        name = self._name
        block = _BLOCK_MS if after == b">" else None
        told = self._client.xreadgroup(name.group, _WRITER, {name.stream: after}, count=_AT_ONCE, block=block)
        return told[0][1] if told else []

    def _taken_over(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        name, idle_ms = self._name, round(self._name.idle_s * 1000)
        told = self._client.xautoclaim(name.stream, name.group, _WRITER, idle_ms, "0-0", count=_AT_ONCE)
        return [entry for entry in told[1] if entry[1]]

    def _take(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> bool:
        """Commit parcels, then take them from the stream; False when the disk did not take them all."""
        try:
            answers = [self._journal.submit(parcel) for parcel in map(self._parcel, entries) if parcel is not None]
            for answer in answers:
                self._tell(answer.result())
        except Refusal:
            return False  # they stay pending, and are read again; those that were committed are duplicates then
        if entries:
            ids = [entry_id for entry_id, _ in entries]
            pipe = self._client.pipeline()
            pipe.xack(self._name.stream, self._name.group, *ids)
            pipe.xdel(self._name.stream, *ids)
            pipe.execute()
        return True

    def _parcel(self, entry: tuple[bytes, dict[bytes, bytes]]) -> Parcel | None:
        entry_id, fields = entry
        try:
            return unpacked((fields or {}).get(PARCEL, b""))
        except (InvalidInput, UnreadableSource) as error:
            _LOG.error("entry %s of the log in front is left out: %s", entry_id.decode(), error)
            self._metrics.count("stillwatch_collect_redis_unreadable_total")
            return None

    def _tell(self, outcome: Outcome) -> None:
        self._metrics.count("stillwatch_collect_redis_exchanges_total", outcome.n_accepted, outcome="accepted")
        self._metrics.count("stillwatch_collect_redis_exchanges_total", outcome.n_duplicate, outcome="duplicate")


@contextlib.contextmanager
def drain_running(
    url: str, journal: Journal, salt: bytes, name: StreamName | None = None, *, metrics: Metrics = NO_METRICS
) -> Iterator[RedisSource]:
    """Take parcels to a journal for the block: what `stillwatch serve` does when it has collectors in front.

    salt    The installation's, which all collectors of the stream must have.
    Raises  InvalidInput when a collector with another salt was there first; UnreadableSource when Redis is not there.
    """
    checked_stream(url, name or StreamName(), salt)
    source = RedisSource(url, journal, name, metrics=metrics)
    source.start()
    try:
        yield source
    finally:
        source.close()
