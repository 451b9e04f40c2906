"""Parcels to the stream in front: those that wait together are added, flushed and answered together."""

import logging
import queue
import threading
import time
from concurrent.futures import Future
from http import HTTPStatus
from typing import Final, NamedTuple

import redis

from stillwatch.service.collect.parcel import Outcome, Parcel
from stillwatch.service.collect.redis_stream import Added, RedisStream, StreamName
from stillwatch.service.collect.refusal import Refusal

__all__ = ["RedisSink"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_GROUP_BYTES: Final = 4 << 20
_LOOK_S: Final = 1.0
_UNKNOWN: Final = "Redis was not reached yet"
_STOPPING: Final = "the collector is stopping"


class _Waiting(NamedTuple):
    """A parcel and who waits for it."""

    parcel: Parcel
    answer: Future[Outcome]


class RedisSink:
    """A sink that adds to a stream, in a thread; duplicates are found behind it.

    Redis is asked every second how it stands when nothing is added.
    """

    def __init__(self, url: str, name: StreamName | None = None, *, retry_s: int = 2) -> None:
        self._name, self._retry_s = name or StreamName(), retry_s
        self._stream = RedisStream(url, self._name)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._problem: str | None = _UNKNOWN
        self._gone: str | None = _UNKNOWN
        self._is_full = False
        self._thread = threading.Thread(target=self._run, name="stillwatch-redis-sink", daemon=True)
        self._thread.start()

    @property
    def takes(self) -> bool:
        """Whether parcels are taken now."""
        return self._gone is None and not self._is_full and not self._closed

    @property
    def problem(self) -> str | None:
        """Why parcels are not taken, or may be lost though they were; None when all is well."""
        return self._gone or ("too much waits in Redis" if self._is_full else self._problem)

    def submit(self, parcel: Parcel) -> Future[Outcome]:
        """Add a parcel to the stream; see `journal.Sink`.

        Raises  Refusal 429 when too much waits in it, 503 when it is not there.
        """
        answer: Future[Outcome] = Future()
        with self._lock:
            if self._closed:
                raise self._later(_STOPPING)
            if self._is_full:
                raise self._full()
            self._queue.put(_Waiting(parcel, answer))
        return answer

    def close(self) -> None:
        """Add what waits, and end."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._stream.close()

    def _run(self) -> None:
        ends, looked_at = False, float("-inf")
        while not ends:
            group, ends = self._gathered()
            if not group and time.monotonic() - looked_at < _LOOK_S:
                continue
            looked_at = time.monotonic()
            try:
                self._add(group)
            except Exception as error:  # noqa: BLE001 - whatever it is, they are told and the thread lives
                self._fail(group, error)

    def _gathered(self) -> tuple[list[_Waiting], bool]:
        """Parcels that wait, and whether they are the last; none after a second."""
        group: list[_Waiting] = []
        size = 0
        while size < _GROUP_BYTES:
            try:
                item = self._queue.get(timeout=0 if group else _LOOK_S)
            except queue.Empty:
                break
            if item is None:
                return group, True
            group.append(item)
            size += item.parcel.size_bytes
        return group, False

    def _add(self, group: list[_Waiting]) -> None:
        if group and (self._gone is not None or self._is_full):
            self._note(self._stream.add(()))
            if self._is_full:
                self._refuse(group, self._full())
                return
        added = self._stream.add([waiting.parcel for waiting in group])
        self._note(added)
        for waiting, refused in zip(group, added.refused, strict=True):
            self._answer(waiting, refused, is_durable=added.is_durable)

    def _note(self, added: Added) -> None:
        self._gone, self._problem = None, added.standing.problem
        self._is_full = added.standing.is_full(self._name)

    def _answer(self, waiting: _Waiting, refused: str | None, *, is_durable: bool) -> None:
        parcel, answer = waiting
        if not answer.set_running_or_notify_cancel():
            return
        if refused is None:
            n, n_aside = parcel.rows.num_rows, parcel.aside.num_rows
            answer.set_result(Outcome(n, 0, n_aside, is_durable=is_durable, is_final=False))
        elif refused == redis.exceptions.OutOfMemoryError.__name__:
            answer.set_exception(self._full())
        else:
            answer.set_exception(self._later(f"the log in front does not take it: {refused}"))

    def _fail(self, group: list[_Waiting], error: Exception) -> None:
        name = type(error).__name__
        gone = f"Redis does not answer: {name}"
        if self._gone != gone:
            _LOG.warning("%s", gone)
        self._gone = gone
        self._refuse(group, self._later(f"the log in front does not take it: {name}"))

    def _refuse(self, group: list[_Waiting], refusal: Refusal) -> None:
        for waiting in group:
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_exception(refusal)

    def _full(self) -> Refusal:
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many bodies wait to be written", self._retry_s)

    def _later(self, reason: str) -> Refusal:
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason, self._retry_s)
