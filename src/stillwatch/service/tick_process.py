"""The process that ticks, as whoever started it sees it."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Self

from stillwatch.errors import InvalidInput
from stillwatch.service.tick_job import END, MOST_BYTES, TICK, Failure, TickJob, answer_of, job_line
from stillwatch.watch import Tick

__all__ = ["TickProcess"]

_COMMAND: Final = (sys.executable, "-m", "stillwatch.service.tick_child")


class TickProcess:
    """Starts when it is made; one thread asks it, any may kill it.

    What a killed tick leaves of its work files, prompts among them, is removed when it is closed.
    """

    def __init__(self, job: TickJob, command: tuple[str, ...] = _COMMAND) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="stillwatch-watch-", ignore_cleanup_errors=True)
        surroundings = {**os.environ, "TMPDIR": self._scratch.name}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a traceback may hold what somebody wrote
                env=surroundings,
                cwd=Path.cwd(),
            )
        except OSError:
            self._scratch.cleanup()
            raise
        self._tell(job_line(job))

    def ask(self) -> Tick | Failure:
        """Have it tick, and wait for the answer; when it has died, how it ended is the failure."""
        self._tell(TICK + b"\n")
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        line = self._process.stdout.readline(MOST_BYTES)
        if not line.endswith(b"\n"):
            self.kill()
            return Failure(_ended(self._process.wait()))
        try:
            return answer_of(line)
        except InvalidInput as error:
            self.kill()
            return Failure(type(error).__name__, str(error))

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """Let it end after the tick that runs."""
        self._tell(END + b"\n")

    def kill(self) -> None:
        """Kill it; a tick that is cut off is done again by the next."""
        self._process.kill()

    def close(self) -> None:
        """Wait until it has ended, which `end` or `kill` makes it, and remove its work files."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        """For a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it and clean up."""
        self.kill()
        self.close()

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(OSError, ValueError):  # that it is gone is seen when it is asked
            self._process.stdin.write(line)
            self._process.stdin.flush()


def _ended(code: int) -> str:
    """How a process ended, in a word or two.

    >>> _ended(-9), _ended(1)
    ('killed by signal 9', 'ended with 1')
    """
    return f"killed by signal {-code}" if code < 0 else f"ended with {code}"
