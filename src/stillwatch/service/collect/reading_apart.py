"""Bodies read in processes of their own, so that reading takes no time from decisions."""

import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol, Self

import pyarrow as pa

from stillwatch.errors import InvalidInput
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.bodies import NOTHING_ASIDE, Body
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.intake import IntakeRules, Together, one_by_one
from stillwatch.service.collect.parcel import Parcel
from stillwatch.service.collect.reading_words import asked, read_answer, rules_line, write
from stillwatch.service.collect.refusal import Refusal

__all__ = ["Reading", "ReadingApart"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_COMMAND: Final = (sys.executable, "-m", "stillwatch.service.collect.reading_child")
_NO_ROWS: Final = pa.RecordBatch.from_pylist([], EXCHANGE)


class Reading(Protocol):
    """Whatever reads bodies; used by several threads."""

    def read_together(self, bodies: Sequence[Body], /) -> Together:
        """Every row of several bodies, and of each body its share or why nothing of it was kept."""
        ...


class _Process:
    """One that reads; used by one thread at a time."""

    def __init__(self, rules: IntakeRules, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may hold what somebody sent
            bufsize=0,
            cwd=Path.cwd(),
        )
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        assert self._process.stdout is not None  # noqa: S101
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        with contextlib.suppress(OSError):  # that it is gone is seen when it is asked
            write(self._to, rules_line(rules))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, parts: Sequence[bytes]) -> Together | None:
        """Its answer; None when it has died, or talks nonsense."""
        try:
            write(self._to, *parts)
            return read_answer(self._from)
        except (OSError, InvalidInput, ValueError, KeyError, TypeError):
            return None

    def close(self, *, kill: bool = False) -> None:
        """Have it end after what it reads, or at once, and wait for it."""
        if kill:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


class ReadingApart:
    """Has bodies read by processes, which start when they are first needed and are replaced when they die.

    A process that dies takes nothing with it: what it was asked is asked again of a new one, body by body. A body at
    which that one dies, too, is sent away with 503, as nobody can tell whether the machine or the body is to blame; the
    log has its kind and size.

    n_most  Processes, as many as threads that read at once.
    """

    def __init__(self, rules: IntakeRules, clock: Clock, n_most: int, command: Sequence[str] = _COMMAND) -> None:
        self._rules, self._clock, self._command = rules, clock, command
        self._free = threading.Semaphore(n_most)
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._is_closed = False
        self._put_back(self._started())

    @property
    def pids(self) -> list[int]:
        """Process ids of those that wait for bodies."""
        with self._lock:
            return [process.pid for process in self._idle]

    def read_together(self, bodies: Sequence[Body]) -> Together:
        """As `Intake.read_together`, by the clock of this process."""
        found = self._asked(bodies)
        if found is not None:
            return found
        _LOG.warning("a process that reads bodies has died at %d of them; they are read again", len(bodies))
        return one_by_one([self._again(body) for body in bodies])

    def _again(self, body: Body) -> Together:
        found = self._asked([body])
        if found is not None:
            return found
        _LOG.error("processes that read bodies die at one of %d bytes, %s", len(body.data), body.kind)
        refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "this body cannot be read now", 60)
        return Together(Parcel(_NO_ROWS, NOTHING_ASIDE), [refusal])

    def _asked(self, bodies: Sequence[Body]) -> Together | None:
        with self._free:
            process = self._taken()
            found = process.ask(asked(bodies, self._clock.now()))
            if found is None:
                process.close(kill=True)
            else:
                self._put_back(process)
            return found

    def _taken(self) -> _Process:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._started()

    def _started(self) -> _Process:
        return _Process(self._rules, self._command)

    def _put_back(self, process: _Process) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(process)
                return
        process.close()

    def close(self) -> None:
        """End them all; one that reads ends after that."""
        with self._lock:
            self._is_closed = True
            ending, self._idle = self._idle, []
        for process in ending:
            process.close()

    def __enter__(self) -> Self:
        """For a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them."""
        self.close()
