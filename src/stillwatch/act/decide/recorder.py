"""Records on their way to the database: a bounded queue, one thread, one commit for all that wait."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Final, Self

from sqlalchemy import Engine
from sqlalchemy.exc import DataError

from stillwatch.act.decide.records import Record, file_new, told
from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import Event, append_all, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.signing.keys import SigningKey

__all__ = ["ACTOR", "Recorder"]

ACTOR: Final = "decider"
_LOG: Final = logging.getLogger("stillwatch.decide")
_BATCH: Final = 256
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_HANGS_S: Final = 1.0
_NEVER: Final = (InvalidInput, UnicodeError, DataError)
"""What is wrong with a record itself: it is refused, so that those behind it are written."""

_Waiting = tuple[Record, Future[None]]


def _now() -> datetime:
    return datetime.now(UTC)


class Recorder:
    """Writes records and their ledger entries, in order, in one transaction with a signed head.

    Whoever submits never waits for the database. What cannot be written is kept and tried again; when the queue is full
    nothing more is taken.

    most        Records that may wait.
    wall        Time that entries and heads bear.
    n_refused   Records that were not taken, or can never be written.
    """

    def __init__(
        self, engine: Engine, key: SigningKey, most: int = 50_000, wall: Callable[[], datetime] = _now
    ) -> None:
        self._engine = engine
        self._key = key
        self._wall = wall
        self._most = most
        self._waiting: deque[_Waiting] = deque()
        self._news = threading.Condition()
        self._is_closing = False
        self._give_up = threading.Event()
        self._thread: threading.Thread | None = None
        self._has_failed = False
        self._busy_since_s: float | None = None
        self.n_written = 0
        self.n_refused = 0

    def __enter__(self) -> Self:
        """Start to write."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits, and stop."""
        self.close()

    def start(self) -> None:
        """Start to write."""
        self._thread = threading.Thread(target=self._run, name="decision-records", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what waits, and stop; what cannot be written in that time is lost with the process."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._give_up.set()
            self._thread.join(timeout_s)
            self._thread = None

    @property
    def is_up(self) -> bool:
        """Whether the last commit went well, and none is hanging."""
        since_s = self._busy_since_s
        return not self._has_failed and (since_s is None or time.monotonic() - since_s < _HANGS_S)

    @property
    def n_waiting(self) -> int:
        """Records that are not durable yet."""
        return len(self._waiting)

    def submit(self, record: Record) -> Future[None] | None:
        """Take a record; done when it is durable. None when the queue is full and it was not taken."""
        with self._news:
            if len(self._waiting) >= self._most or self._is_closing:
                self.n_refused += 1
                return None
            done: Future[None] = Future()
            done.set_running_or_notify_cancel()  # whoever gives up waiting cannot take the record back
            self._waiting.append((record, done))
            self._news.notify()
        return done

    def _run(self) -> None:
        pause_s = 0.0
        while batch := self._next():
            if self._write_all(batch):
                pause_s = 0.0
            elif self._give_up.wait(pause_s := min(_LONGEST_PAUSE_S, pause_s * 2 or _FIRST_PAUSE_S)):
                return

    def _next(self) -> list[_Waiting]:
        """What waits, as much as one commit takes; nothing when there is nothing more to come."""
        with self._news:
            while not self._waiting and not self._is_closing:
                self._news.wait()
            return [self._waiting[i] for i in range(min(_BATCH, len(self._waiting)))]

    def _write_all(self, batch: Sequence[_Waiting]) -> bool:
        """Write a batch, or its records one by one when one of them can never be written; whether it is done."""
        self._busy_since_s = time.monotonic()
        try:
            self._write([record for record, _ in batch])
        except _NEVER as error:
            if len(batch) == 1:
                self._finish(batch, error)
                return True
            return all(self._write_all([one]) for one in batch)
        except Exception as error:  # noqa: BLE001 - also a ledger that is damaged: a dead thread would tell nobody
            if not self._has_failed:
                _LOG.warning("decisions cannot be recorded: %s", type(error).__name__)
            self._has_failed = True
            return False
        finally:
            self._busy_since_s = None
        self._has_failed = False
        self._finish(batch)
        return True

    def _write(self, records: Sequence[Record]) -> None:
        with self._engine.begin() as connection:
            new = file_new(connection, records)
            if new:
                now = self._wall()
                append_all(connection, [Event(Kind.DECISION, ACTOR, told(record), now) for record in new])
                sign_head(connection, self._key, now)

    def _finish(self, batch: Sequence[_Waiting], error: Exception | None = None) -> None:
        with self._news:
            for _ in batch:
                self._waiting.popleft()
        self.n_written += 0 if error else len(batch)
        self.n_refused += len(batch) if error else 0
        for _, done in batch:
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
