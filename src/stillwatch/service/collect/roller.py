"""The thread that writes sealed segments by hour, strictly in their order, removes what is old, and makes files few.

All three in one thread: so no hour is removed while its files become one.
"""

import logging
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from stillwatch.errors import UnreadableSource
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.compaction import Compactor
from stillwatch.service.collect.disk import Disk
from stillwatch.service.collect.hourly import write_by_hour
from stillwatch.service.collect.keeping import remove_old
from stillwatch.service.collect.log import Sealed
from stillwatch.service.collect.metrics import Metrics
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recovery import forget_ids

__all__ = ["Roller", "Surroundings"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_TIDY_S: Final = 300.0
_LONGEST_WAIT_S: Final = 30.0
_COMPACT_S: Final = 5.0
_IDLE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the threads of a journal share.

    keep_days, most_bytes   As in the settings.
    """

    disk: Disk
    places: Places
    bounds: Bounds
    metrics: Metrics
    clock: Clock = field(default_factory=Clock)
    keep_days: int = 30
    most_bytes: int = 64 << 30


class Roller:
    """Takes sealed segments; one that the disk will not take is tried again until it does, and the others wait."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._queue: queue.SimpleQueue[Sealed | threading.Event | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._closing = threading.Event()
        self._tidied_at: float | None = None
        self._compactor = Compactor(around.disk, around.places, around.bounds)
        self._compacts_at = time.monotonic() + _COMPACT_S
        self._thread = threading.Thread(target=self._run, name="stillwatch-roller", daemon=True)

    @property
    def waiting_bytes(self) -> int:
        """Segments that are not written by hour yet."""
        with self._lock:
            return self._waiting_bytes

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, sealed: Sealed) -> None:
        """Have a segment written."""
        self._add_waiting(sealed.size_bytes)
        self._queue.put(sealed)

    def tell(self, event: threading.Event) -> None:
        """Set an event once everything put before is written."""
        self._queue.put(event)

    def close(self) -> None:
        """Try everything that waits once more and end; what the disk does not take is left for the next start."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._tidy()
            if self._queue.empty() and not self._closing.is_set():
                self._compact()
            try:
                item = self._queue.get(timeout=max(0.0, self._compacts_at - time.monotonic()))
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._write(item)

    def _write(self, sealed: Sealed) -> None:
        around, wait_s = self._around, float(self._around.bounds.retry_s)
        while True:
            start = time.perf_counter()
            try:
                segment = write_by_hour(around.disk, around.places, sealed)
            except UnreadableSource as error:
                _LOG.error("%s; it is left where it is", error)
                around.metrics.count("stillwatch_collect_damaged_bytes_total", sealed.size_bytes)
            except Exception as error:  # noqa: BLE001 - whatever it is, the segment stays and the thread lives
                if self._wait(error, wait_s):
                    wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                    continue
            else:
                if segment.damaged_bytes:
                    around.metrics.count("stillwatch_collect_damaged_bytes_total", segment.damaged_bytes)
                around.metrics.observe("stillwatch_collect_roll_seconds", time.perf_counter() - start)
            self._add_waiting(-sealed.size_bytes)
            return

    def _wait(self, error: Exception, wait_s: float) -> bool:
        """Whether to try again."""
        _LOG.warning("a segment cannot be written by hour: %s", _named(error))
        self._around.metrics.count("stillwatch_collect_disk_failures_total", 1, stage="roll")
        return not self._closing.wait(wait_s)

    def _add_waiting(self, size_bytes: int) -> None:
        with self._lock:
            self._waiting_bytes += size_bytes
            self._around.metrics.gauge("stillwatch_collect_backlog_bytes", self._waiting_bytes)

    def _tidy(self) -> None:
        """Remove what is old, every five minutes; what the disk refuses is tried then."""
        steady = time.monotonic()
        if self._tidied_at is not None and steady - self._tidied_at < _TIDY_S:
            return
        self._tidied_at = steady
        around = self._around
        try:
            now = around.clock.now()
            kept = remove_old(around.disk, around.places, around.keep_days, around.most_bytes, now.earliest)
            forget_ids(around.disk, around.places, around.bounds.remember_ids)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives
            _LOG.warning("old exchanges cannot be removed: %s", _named(error))
            around.metrics.count("stillwatch_collect_disk_failures_total", 1, stage="tidy")
            return
        around.metrics.gauge("stillwatch_collect_traffic_bytes", kept.size_bytes)
        around.metrics.gauge("stillwatch_collect_clock_disagreement_seconds", now.disagreement_s)

    def _compact(self) -> None:
        """One piece of work at a time, so that segments do not wait for it; what the disk refuses is tried later."""
        around, start = self._around, time.monotonic()
        if start < self._compacts_at:
            return
        is_more = False
        try:
            is_more = self._compactor.step(around.clock.now().earliest, around.most_bytes)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is lost by it and the thread lives
            _LOG.warning("the files of an hour cannot become one: %s", _named(error))
            around.metrics.count("stillwatch_collect_disk_failures_total", 1, stage="compact")
        took = time.monotonic() - start
        if is_more:
            around.metrics.observe("stillwatch_collect_compact_seconds", took)
        self._compacts_at = start + took + (max(_COMPACT_S, 4 * took) if is_more else _IDLE_S)


def _named(error: Exception) -> str:
    """What is wrong, without what an error's text might hold."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
