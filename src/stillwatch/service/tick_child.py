"""A process that ticks whenever a line tells it to: ``python -m stillwatch.service.tick_child``.

The first line of standard input is the job; then ``tick`` asks for a tick, which one line on standard output answers,
and ``end`` ends it after the tick that runs. It dies at once when standard input closes, as that of a service does when
the service dies in whatever way; a tick that is cut off is done again by the next. It yields to the service (nice), and
hears no signals: who started it tells it what to do.
"""

import os
import queue
import signal
import threading
from collections.abc import Iterator
from typing import Final

from stillwatch.errors import StillwatchError
from stillwatch.service.tick_job import MOST_BYTES, TICK, Failure, TickJob, answer_line, job_of
from stillwatch.watch import Tick, tick

__all__ = ["lines", "main"]

_NICE: Final = 5
_PART_BYTES: Final = 1 << 16
_STDIN, _STDOUT = 0, 1


def lines(handle: int) -> Iterator[bytes]:
    """Lines of a pipe, without their ends, as they come; what is not ended is none."""
    held = b""
    while part := os.read(handle, _PART_BYTES):
        *whole, held = (held + part).split(b"\n")
        yield from whole
        if len(held) > MOST_BYTES:
            return


def main() -> None:
    """Tick until told to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    answers = _answers()
    told = lines(_STDIN)
    job = job_of(next(told, b""))
    wanted: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(told, wanted), daemon=True).start()
    while wanted.get() == TICK:
        os.write(answers, answer_line(_ticked(job)))


def _answers() -> int:
    """Where answers go; nothing else that is printed goes there."""
    answers = os.dup(_STDOUT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    os.close(nowhere)
    return answers


def _listen(told: Iterator[bytes], wanted: "queue.SimpleQueue[bytes]") -> None:
    for line in told:
        wanted.put(line)
    os._exit(0)  # whoever wanted ticks is gone


def _ticked(job: TickJob) -> Tick | Failure:
    try:
        return tick(job.logs, job.state, job.out, job.options)
    except StillwatchError as error:
        return Failure(type(error).__name__, str(error))
    except Exception as error:  # noqa: BLE001 - the next tick tries again; what it says may hold what somebody wrote
        return Failure(type(error).__name__)


if __name__ == "__main__":
    main()
