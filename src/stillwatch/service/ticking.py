"""Detection beside a service: ticks of the watch in a process of their own, again and again."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from stillwatch.errors import InvalidInput
from stillwatch.service.tick_job import Failure, TickJob
from stillwatch.service.tick_process import TickProcess
from stillwatch.watch import Tick

__all__ = ["Attempt", "Ticker", "TickerHealth"]

_LOG: Final = logging.getLogger("stillwatch.watch")
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_KILLED_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tick that was asked for.

    outcome     The tick, or why it was not done.
    seconds     Until it was answered.
    """

    outcome: Tick | Failure
    seconds: float


@dataclass(frozen=True, slots=True)
class TickerHealth:
    """How the watch fares.

    last        The newest tick that was done; one with nothing new gives the figures of the one before.
    seconds     It took.
    age_s       Seconds since it was done; None when none was.
    lag_s       Age of the newest exchange when it was done.
    running_s   Seconds since the tick that runs was asked for; None while none runs.
    error       What went wrong with the newest one, the class of an error or how the process ended; None for nothing.
    why         Of stillwatch's own errors what they say, which holds ids and paths only; empty for all others.
    unheard     Why `on_tick` failed, likewise; it is called again with the next tick.
    n_restarts  How often the process had to be started again.
    is_running  Whether ticks are asked for.
    """

    last: Tick | None = None
    seconds: float | None = None
    age_s: float | None = None
    lag_s: float | None = None
    running_s: float | None = None
    error: str | None = None
    why: str = ""
    unheard: str | None = None
    n_restarts: int = 0
    is_running: bool = False


class Ticker:
    """Asks a process of its own for a tick at equal distances; used as a context manager.

    The process stays, so that what it has imported and compiled is paid once. When it dies, killed for its memory or
    crashed, it is started again after a wait that doubles up to five minutes. An error of a tick is told and the next
    tick tries again.

    every_s     From the start of one tick to the start of the next; a longer one is waited for.
    on_tick     Called in the ticker's thread with each tick that was not idle, and with the first that has findings:
                whoever ran before may have died before taking them up. When it raises, it is called again with the next
                tick, also with an idle one.
    heard       Called there with every attempt.
    """

    def __init__(
        self,
        job: TickJob,
        every_s: float = 60.0,
        on_tick: Callable[[Tick], None] | None = None,
        heard: Callable[[Attempt], None] | None = None,
        start: Callable[[TickJob], TickProcess] = TickProcess,
    ) -> None:
        if not every_s > 0:
            message = f"every_s must be above 0, got {every_s}"
            raise InvalidInput(message)
        self._job, self._every_s, self._start = job, every_s, start
        self._on_tick, self._heard = on_tick, heard
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: TickProcess | None = None
        self._health = TickerHealth()
        self._done_at: float | None = None
        self._asked_at: float | None = None
        self._is_owed = True
        self._n_deaths = 0
        self._n_starts = 0
        self._thread = threading.Thread(target=self._run, name="stillwatch-ticker", daemon=True)

    def start(self) -> None:
        """Begin with a tick at once."""
        self._thread.start()

    def stop(self, patience_s: float | None = 10.0) -> bool:
        """End: wait for the tick that runs, and kill it when that takes longer; whether it was let finish.

        patience_s  None waits as long as it takes.
        """
        self.tell_to_end()
        if self._thread.ident is None:
            return True
        self._thread.join(patience_s)
        is_done = not self._thread.is_alive()
        if not is_done:
            self.kill()
            self._thread.join(_KILLED_S)
        return is_done

    def tell_to_end(self) -> None:
        """Ask for no more ticks; it is waited for nothing."""
        self._ending.set()

    def kill(self) -> None:
        """End and kill the tick that runs; the next watch does it again. May be called by a handler of signals."""
        self._ending.set()
        process = self._process
        if process is not None:
            process.kill()

    def health(self) -> TickerHealth:
        """How it fares now."""
        now = time.monotonic()
        with self._lock:
            known, done_at, asked_at = self._health, self._done_at, self._asked_at
        return TickerHealth(
            known.last,
            known.seconds,
            None if done_at is None else now - done_at,
            None if known.last is None else known.last.lag_s,
            None if asked_at is None else now - asked_at,
            known.error,
            known.why,
            known.unheard,
            max(0, self._n_starts - 1),
            self._thread.is_alive() and not self._ending.is_set(),
        )

    def __enter__(self) -> Self:
        """Begin."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End, with some patience."""
        self.stop()

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                began = time.monotonic()
                attempt = self._attempt(began)
                self._take(attempt)
                wait_s = max(self._every_s - (time.monotonic() - began), self._back_off_s())
                self._ending.wait(wait_s)
        finally:
            self._let_go()

    def _attempt(self, began: float) -> Attempt:
        try:
            process = self._running()
        except OSError as error:
            self._n_deaths += 1
            return Attempt(Failure(type(error).__name__), time.monotonic() - began)
        with self._lock:
            self._asked_at = began
        outcome = process.ask()
        with self._lock:
            self._asked_at = None
        if process.is_alive:
            self._n_deaths = 0
        else:
            self._n_deaths += 1
            self._let_go()
        return Attempt(outcome, time.monotonic() - began)

    def _running(self) -> TickProcess:
        """The process, started when there is none.

        Raises  OSError when it cannot be.
        """
        if self._process is None:
            self._n_starts += 1
            self._process = self._start(self._job)
            if self._ending.is_set():
                self._process.kill()  # `kill` was called while it was being started
        return self._process

    def _let_go(self) -> None:
        process = self._process
        if process is not None:
            process.end()
            process.close()
            self._process = None

    def _back_off_s(self) -> float:
        if not self._n_deaths:
            return 0.0
        return min(_FIRST_WAIT_S * 2.0 ** min(self._n_deaths - 1, 20), _LONGEST_WAIT_S)

    def _take(self, attempt: Attempt) -> None:
        outcome = attempt.outcome
        known, unheard = self._health, self._health.unheard
        if isinstance(outcome, Tick):
            unheard = self._tell(outcome)
            health = TickerHealth(last=outcome, seconds=attempt.seconds, unheard=unheard)
        else:
            if not self._ending.is_set():
                _LOG.warning("a tick of the watch failed: %s", outcome.name)
            health = TickerHealth(known.last, known.seconds, error=outcome.name, why=outcome.message, unheard=unheard)
        with self._lock:
            self._health = health
            if isinstance(outcome, Tick):
                self._done_at = time.monotonic()
        if self._heard is not None:
            self._heard(attempt)

    def _tell(self, done: Tick) -> str | None:
        """Call `on_tick`; why that failed."""
        self._is_owed = self._is_owed or not done.is_idle
        if not self._is_owed or self._on_tick is None or done.index is None:
            return None
        try:
            self._on_tick(done)
        except Exception as error:  # noqa: BLE001 - what is done with a tick must not end the watch
            _LOG.warning("a tick of the watch could not be taken up: %s", type(error).__name__)
            return type(error).__name__
        self._is_owed = False
        return None
