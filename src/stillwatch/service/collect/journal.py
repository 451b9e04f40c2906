"""Commits parcels in groups: one flush for all that wait, and nobody is told before it."""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol

from stillwatch.service.collect.log import Log
from stillwatch.service.collect.parcel import Outcome, Parcel
from stillwatch.service.collect.recent import RecentIds
from stillwatch.service.collect.recovery import recover
from stillwatch.service.collect.refusal import Refusal
from stillwatch.service.collect.roller import Roller, Surroundings

__all__ = ["Journal", "Sink", "Written"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_IDLE_S: Final = 1.0
_FULL: Final = "the disk takes nothing just now"
_BEHIND: Final = "exchanges come faster than they can be written by hour"


class Sink(Protocol):
    """Where parcels go."""

    def submit(self, parcel: Parcel, /) -> Future[Outcome]:
        """Hand over a parcel; the result says what became of it once that cannot change any more.

        Raises  Refusal, at once or as the result's exception: nothing of it was kept.
        """
        ...


class _Waiting(NamedTuple):
    """A parcel and who waits for it."""

    parcel: Parcel
    answer: Future[Outcome]


class Written(NamedTuple):
    """What was committed since the start.

    n_accepted, n_duplicate, n_quarantined  Exchanges, as in `Outcome`.
    age_s                                   Seconds since the last one that was accepted; None before there was one.
    """

    n_accepted: int = 0
    n_duplicate: int = 0
    n_quarantined: int = 0
    age_s: float | None = None


_Item = _Waiting | threading.Event | None


class Journal:
    """A sink on this machine's disk. One process at a time may have one on a folder (`places.locked`)."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._recent = RecentIds(around.bounds.remember_ids)
        self._roller = Roller(around)
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._closed = False
        self._failed_at: float | None = None
        self._began_at: float | None = None
        self._written = Written()
        self._accepted_at: float | None = None
        self._lock = threading.Lock()
        self._log: Log | None = None
        self._thread = threading.Thread(target=self._run, name="stillwatch-journal", daemon=True)

    def start(self) -> None:
        """Take up what the last process left, then take parcels.

        Raises  OSError when the disk cannot be read.
        """
        around = self._around
        found = recover(around.disk, around.places, self._recent, around.bounds.remember_ids)
        for sealed in found.left:
            self._roller.put(sealed)
        self._log = Log(around.disk, around.places, self._recent, found.number, self._opened)
        around.metrics.gauge("stillwatch_collect_remembered_ids", len(self._recent))
        self._roller.start()
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, write it by hour, and end; parcels that come now are refused."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._log is not None:
            self._thread.join()
            self._roller.close()

    def submit(self, parcel: Parcel) -> Future[Outcome]:
        """Commit a parcel; see `Sink`."""
        self._check_room()
        answer: Future[Outcome] = Future()
        with self._lock:
            if self._closed:
                raise self._later()
            self._queue.put(_Waiting(parcel, answer))
        return answer

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Write by hour everything that was committed until now; False when it takes longer."""
        written = threading.Event()
        with self._lock:
            if self._closed:
                return False
            self._queue.put(written)
        return written.wait(timeout_s)

    @property
    def takes(self) -> bool:
        """Whether a parcel would be tried now: neither the disk nor the backlog is in the way."""
        try:
            self._check_room()
        except Refusal:
            return False
        return not self._closed

    @property
    def written(self) -> Written:
        """What was committed since the start."""
        at = self._accepted_at
        return self._written._replace(age_s=None if at is None else time.monotonic() - at)

    def _check_room(self) -> None:
        """Send away what would only fail, without having looked at it."""
        failed_at = self._failed_at
        if failed_at is not None and time.monotonic() - failed_at < self._around.bounds.retry_s / 2:
            raise self._later(_FULL)
        if self._roller.waiting_bytes > self._around.bounds.backlog_bytes:
            raise self._later(_BEHIND)

    def _later(self, reason: str = "the collector is stopping") -> Refusal:
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason, self._around.bounds.retry_s)

    def _opened(self) -> datetime:
        return datetime.fromtimestamp(self._around.clock.now().latest, UTC)

    def _run(self) -> None:
        ends = False
        while not ends:
            group, ends, written = self._gathered()
            if group:
                self._commit(group)
            if ends or written is not None or self._is_due():
                self._pass_on()
            if written is not None:
                self._roller.tell(written)

    def _gathered(self) -> tuple[list[_Waiting], bool, threading.Event | None]:
        """A group of parcels; whether it is the last; whom to tell when it is written by hour."""
        bounds, size = self._around.bounds, 0
        group: list[_Waiting] = []
        until = time.monotonic() + _IDLE_S
        while size < bounds.group_bytes:
            try:
                item = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return group, True, None
            if isinstance(item, threading.Event):
                return group, False, item
            if not group:
                until = time.monotonic() + bounds.gather_s
            group.append(item)
            size += item.parcel.size_bytes
        return group, False, None

    def _commit(self, group: Sequence[_Waiting]) -> None:
        log, around = self._log, self._around
        assert log is not None  # noqa: S101 - the thread is started after it
        start = time.perf_counter()
        try:
            outcomes = log.commit([waiting.parcel for waiting in group], around.bounds.spare_bytes)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was kept, they are told so and the thread lives
            self._fail(group, error)
            return
        self._failed_at = None
        if self._began_at is None:
            self._began_at = time.monotonic()
        self._count(outcomes)
        around.metrics.observe("stillwatch_collect_commit_seconds", time.perf_counter() - start)
        around.metrics.observe("stillwatch_collect_group_exchanges", sum(o.n_received for o in outcomes))
        around.metrics.gauge("stillwatch_collect_remembered_ids", len(self._recent))
        for waiting, outcome in zip(group, outcomes, strict=True):
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_result(outcome)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        known, n_accepted = self._written, sum(one.n_accepted for one in outcomes)
        self._written = Written(
            known.n_accepted + n_accepted,
            known.n_duplicate + sum(one.n_duplicate for one in outcomes),
            known.n_quarantined + sum(one.n_quarantined for one in outcomes),
        )
        if n_accepted:
            self._accepted_at = time.monotonic()

    def _fail(self, group: Sequence[_Waiting], error: Exception) -> None:
        told = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        _LOG.warning("a group of %d bodies cannot be committed: %s", len(group), told)
        self._around.metrics.count("stillwatch_collect_disk_failures_total", 1, stage="commit")
        self._failed_at = time.monotonic()
        self._pass_on()
        for waiting in group:
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_exception(self._later(f"the disk does not take it: {told}"))

    def _is_due(self) -> bool:
        assert self._log is not None  # noqa: S101 - as above
        bounds = self._around.bounds
        is_old = self._began_at is not None and time.monotonic() - self._began_at >= bounds.segment_s
        return is_old or self._log.size_bytes >= bounds.segment_bytes

    def _pass_on(self) -> None:
        assert self._log is not None  # noqa: S101 - as above
        self._began_at = None
        sealed = self._log.seal()
        if sealed is not None:
            self._roller.put(sealed)
