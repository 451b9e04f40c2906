"""A Redis stream in front: several collectors write parcels to it, one process takes them to its disk.

What is promised: a parcel is taken from the stream only after it was flushed to the disk, and one that is taken twice,
because the process was killed between the two, is known by the ids of its exchanges. Rows put aside have no ids; those
of such a parcel may be noted twice.

A sender is told 200 only when Redis itself flushes each command before it answers (``appendonly yes`` and
``appendfsync always``); else the answer is 202. Whoever may write to Redis may write exchanges: it belongs inside.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import redis

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.metrics import NO_METRICS, Metrics
from stillwatch.service.collect.parcel import Outcome, Parcel, packed, unpacked
from stillwatch.service.collect.refusal import Refusal

__all__ = ["RedisSink", "RedisSource", "StreamName"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_PARCEL: Final = b"parcel"
_WRITER: Final = "writer"
_AT_ONCE: Final = 64
_BLOCK_MS: Final = 500
_RETRY_S: Final = 1.0
_SOCKET_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class StreamName:
    """Which stream, and how many parcels may wait in it.

    idle_s  After so long a parcel that another writer took and did not finish is taken over.
    """

    stream: str = "stillwatch:exchanges"
    group: str = "stillwatch"
    most_waiting: int = 100_000
    idle_s: float = 60.0


def _connected(url: str) -> Any:  # noqa: ANN401 - the client's types differ between its versions
    try:
        return redis.Redis.from_url(url, socket_timeout=_SOCKET_S, socket_connect_timeout=_SOCKET_S)
    except (ValueError, redis.RedisError) as error:
        message = "a Redis URL must look like redis://HOST:PORT/0"
        raise InvalidInput(message) from error


class RedisSink:
    """Hands parcels to the stream."""

    def __init__(self, url: str, name: StreamName | None = None, *, retry_s: int = 2, threads: int = 4) -> None:
        self._name = name or StreamName()
        self._retry_s = retry_s
        self._client = _connected(url)
        self._threads = ThreadPoolExecutor(threads, "stillwatch-redis")
        self._is_durable: bool | None = None

    def submit(self, parcel: Parcel) -> Future[Outcome]:
        """Add a parcel to the stream; see `journal.Sink`. Duplicates are found behind it."""
        return self._threads.submit(self._add, parcel)

    def close(self) -> None:
        """End what was begun."""
        self._threads.shutdown()
        self._client.close()

    def _add(self, parcel: Parcel) -> Outcome:
        try:
            if self._is_durable is None:
                self._is_durable = self._flushes()
            if self._client.xlen(self._name.stream) >= self._name.most_waiting:
                reason = "too many bodies wait to be written"
                raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, reason, self._retry_s)
            self._client.xadd(self._name.stream, {_PARCEL: packed(parcel)})
        except redis.RedisError as error:
            self._is_durable = None
            reason = f"the log in front does not take it: {type(error).__name__}"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason, self._retry_s) from None
        return Outcome(parcel.rows.num_rows, 0, parcel.aside.num_rows, is_durable=self._is_durable, is_final=False)

    def _flushes(self) -> bool:
        """Whether a command that was answered survives a power cut; one who may not ask is told no."""
        try:
            told = self._client.config_get("append*")
        except redis.ResponseError:
            return False
        return bool(told.get("appendonly") == "yes" and told.get("appendfsync") == "always")


class RedisSource:
    """Takes parcels from the stream to a journal, in a thread."""

    def __init__(
        self, url: str, journal: Journal, name: StreamName | None = None, *, metrics: Metrics = NO_METRICS
    ) -> None:
        self._name = name or StreamName()
        self._journal, self._metrics = journal, metrics
        self._client = _connected(url)
        self._ends = threading.Event()
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
                    if self._ends.is_set() or not self._take(entries):
                        break
            except redis.RedisError as error:
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
            return unpacked((fields or {}).get(_PARCEL, b""))
        except (InvalidInput, UnreadableSource) as error:
            _LOG.error("entry %s of the log in front is left out: %s", entry_id.decode(), error)
            self._metrics.count("stillwatch_collect_redis_unreadable_total")
            return None

    def _tell(self, outcome: Outcome) -> None:
        self._metrics.count("stillwatch_collect_redis_exchanges_total", outcome.n_accepted, outcome="accepted")
        self._metrics.count("stillwatch_collect_redis_exchanges_total", outcome.n_duplicate, outcome="duplicate")
