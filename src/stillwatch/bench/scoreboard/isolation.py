"""Run one step in a process of its own, and read what it leaves."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stillwatch.bench.scoreboard.worker import FACTS
from stillwatch.errors import MissingData

__all__ = ["StepFailed", "StepNotRun", "run_step"]

_WORKER: Final = "stillwatch.bench.scoreboard.worker"
_MOST_WORDS: Final = 300


class StepFailed(Exception):  # noqa: N818 (it says what happened; the scoreboard reports it and goes on)
    """A step broke: the scoreboard says so, goes on, and ends with an error."""


class StepNotRun(StepFailed):
    """A step cannot run here, such as a baseline whose extra is not installed: told, and no error."""


def run_step(order: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Do one job of the worker; its facts, with its tables in `out`.

    Raises  StepNotRun when something it needs is not installed, StepFailed when it breaks; the last line it wrote is
            the message.
    """
    command = [sys.executable, "-m", _WORKER, json.dumps(order), str(out)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)  # noqa: S603 (our own worker)
    if done.returncode == 0:
        facts: dict[str, Any] = json.loads((out / FACTS).read_text("utf-8"))
        return facts
    told = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:_MOST_WORDS]
    if done.returncode == MissingData.exit_code:
        raise StepNotRun(told)
    if done.returncode < 0:
        told = f"ended by signal {-done.returncode}" + (" (out of memory?)" if done.returncode == -9 else "")
    raise StepFailed(told)
