"""What a process that ticks is told and what it answers, a line of JSON each."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.watch import Tick, WatchOptions

__all__ = ["END", "MOST_BYTES", "TICK", "Failure", "TickJob", "answer_line", "answer_of", "job_line", "job_of"]

TICK: Final = b"tick"
END: Final = b"end"
MOST_BYTES: Final = 1 << 20
"""Longest line."""


@dataclass(frozen=True, slots=True)
class TickJob:
    """Where a watch looks and what it is run with.

    logs, state, out    As in `stillwatch.watch.tick`.
    """

    logs: Path
    state: Path
    out: Path
    options: WatchOptions = field(default_factory=WatchOptions)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a tick was not done.

    name        Name of the error's class, or how the process ended.
    message     Of stillwatch's own errors, which hold ids and paths only; empty for all others.
    """

    name: str
    message: str = ""


def job_line(job: TickJob) -> bytes:
    r"""The job as a line.

    >>> job = TickJob(Path("logs"), Path("state"), Path("out"), WatchOptions(pools=(Path("p"),)))
    >>> job_of(job_line(job)) == job
    True
    """
    return json.dumps(asdict(job), default=str).encode() + b"\n"


def job_of(line: bytes) -> TickJob:
    """Inverse of `job_line`.

    Raises  InvalidInput when it is none.
    """
    try:
        told: dict[str, Any] = json.loads(line)
        options = dict(told["options"])
        for name in ("accounts", "reference"):
            options[name] = None if options[name] is None else Path(options[name])
        options["pools"] = tuple(Path(path) for path in options["pools"])
        return TickJob(Path(told["logs"]), Path(told["state"]), Path(told["out"]), WatchOptions(**options))
    except (ValueError, TypeError, KeyError) as error:
        message = f"a line of {len(line):,} bytes is no job of a watch: {type(error).__name__}"
        raise InvalidInput(message) from error


def answer_line(answer: Tick | Failure) -> bytes:
    r"""What came of a tick, as a line.

    >>> answer_of(answer_line(Failure("MissingData", "there is no folder")))
    Failure(name='MissingData', message='there is no folder')
    """
    kind = "tick" if isinstance(answer, Tick) else "failure"
    return json.dumps({kind: asdict(answer)}).encode() + b"\n"


def answer_of(line: bytes) -> Tick | Failure:
    """Inverse of `answer_line`.

    Raises  InvalidInput when it is none.
    """
    try:
        told: dict[str, Any] = json.loads(line)
        if "failure" in told:
            return Failure(**told["failure"])
        return Tick(**told["tick"] | {"closed": tuple(told["tick"]["closed"])})
    except (ValueError, TypeError, KeyError) as error:
        message = f"a line of {len(line):,} bytes says nothing of a tick: {type(error).__name__}"
        raise InvalidInput(message) from error
