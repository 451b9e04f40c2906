"""Start the programs of the exchange as anybody would, each a process of its own, and end them."""

import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from stillwatch.errors import EngineUnavailable

__all__ = ["Program", "free_port", "run_once", "wait_for"]

_STARTS_IN_S: Final = 180.0
_ENDS_IN_S: Final = 15.0
_COMMAND: Final = (sys.executable, "-c", "from stillwatch.cli import main; main()")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def run_once(arguments: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run a command to its end; its last line as JSON.

    Raises  EngineUnavailable, with what it said, when it fails.
    """
    done = subprocess.run([*_COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        message = f"stillwatch {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
        raise EngineUnavailable(message)
    lines = done.stdout.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return found


class Program:
    """A command that runs until it is told to end; its lines of JSON are read as they come."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path) -> None:
        self.name = name
        self._log = (folder / f"{name}.log").open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - the same
            [*_COMMAND, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._lines: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell it to end, and see to it."""
        self._process.terminate()
        try:
            self._process.wait(_ENDS_IN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_ENDS_IN_S)
        self._log.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._process.stdout as said:
            for line in said:
                if line.startswith("{"):
                    self._lines.put((time.monotonic(), json.loads(line)))

    def next(self, within_s: float) -> tuple[float, dict[str, Any]]:
        """Next line and when it came.

        Raises  EngineUnavailable when none comes in time.
        """
        try:
            return self._lines.get(timeout=within_s)
        except queue.Empty:
            state = self._process.poll()
            message = f"{self.name} said nothing for {within_s:.0f} s (exit status {state}); see {self._log.name}"
            raise EngineUnavailable(message) from None


def wait_for(url: str, name: str) -> None:
    """Until a server answers.

    Raises  EngineUnavailable when it does not in time.
    """
    until = time.monotonic() + _STARTS_IN_S
    while time.monotonic() < until:
        try:
            if httpx.get(url, timeout=2.0).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    message = f"{name} did not start within {_STARTS_IN_S:.0f} s"
    raise EngineUnavailable(message)
