"""Services as processes: each is ``stillwatch serve``, with its log in a file, and can be killed."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tests.service.hostile.harvested import Harvested

__all__ = ["Launcher", "Process", "free_port", "is_gone", "launcher", "until"]

_SCRIPT = Path(__file__).with_name("launcher.py")
_PATIENCE_S = 240.0
_FILES = 256
"""Open files that a system lets a service have before it asks for more."""
_Found = TypeVar("_Found")


def until(ask: Callable[[], _Found | None], what: str) -> _Found:
    """The first answer that is not None or False; a machine may be slow, so it is waited for long."""
    end = time.monotonic() + _PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@dataclass(frozen=True)
class Process:
    """A service that runs.

    log     What it writes to standard error.
    """

    launcher: "Launcher"
    pid: int
    home: Harvested
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str | None = None) -> httpx.Client:
        """A client with the token for everything, or another."""
        shown = {"x-stillwatch-token": self.home.token if token is None else token}
        return httpx.Client(base_url=self.url, headers=shown, trust_env=False, timeout=_PATIENCE_S)

    def wait_ready(self) -> None:
        """Until it answers, and knows the streams of the last tick."""
        with self.client() as client:
            until(lambda: _asked(client, "/health/ready"), f"the service is ready: {self.log.read_text()[-2000:]}")
            until(lambda: _asked(client, "/v1/status", _knows), "it knows the streams")

    def watch_pid(self) -> int | None:
        """Process of its watch; None before it has one."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(path.read_text().rpartition(")")[2].split()[1]) == self.pid:
                    return int(path.parent.name)
        return None

    def limit_files(self, size: int) -> None:
        """From now on no file may grow beyond this size; -1 for no limit."""
        hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, hard))

    def kill(self) -> None:
        """Kill it without a word."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.launcher.ended(self.pid) == -signal.SIGKILL

    def stop(self) -> None:
        """Tell it to end; it ends well."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.launcher.ended(self.pid) == 0, self.log.read_text()[-2000:]


def is_gone(pid: int) -> bool:
    """Whether a process runs no more; one that nobody has asked how it ended is still listed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


class Launcher:
    """Starts services in forked children of one process, which imports what a service needs once."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._process, self._folder, self._n = process, folder, 0

    def start(self, home: Harvested, *more: str, port: int | None = None) -> Process:
        """Start a service.

        more    Further arguments of the command.
        """
        at, self._n = port or free_port(), self._n + 1
        log = self._folder / f"log-{self._n}"
        arguments = ["serve", "--settings", str(home.toml), "--listen", f"127.0.0.1:{at}", *more]
        return Process(self, self._tell(start=arguments, log=str(log), files=_FILES), home, at, log)

    @contextlib.contextmanager
    def running(self, home: Harvested, *more: str) -> Iterator[Process]:
        """Start a service and wait until it is ready; at the end of the block it must end well."""
        started = self.start(home, *more)
        try:
            started.wait_ready()
            yield started
        except BaseException:
            os.kill(started.pid, signal.SIGKILL)
            self.ended(started.pid)
            raise
        started.stop()

    def ended(self, pid: int) -> int:
        """Wait until one has ended: its exit code, or less than 0 for the signal."""
        return self._tell(wait=pid)

    def _tell(self, **told: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextlib.contextmanager
def launcher(folder: Path, salt: Path) -> Iterator[Launcher]:
    """A launcher for the block.

    folder  For the logs.
    salt    Of the installation.
    """
    surroundings = {**os.environ, "STILLWATCH_SALT": str(salt)}
    command = [sys.executable, str(_SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings) as process:
        yield Launcher(process, folder)
        assert process.stdin is not None
        process.stdin.close()


def _asked(client: httpx.Client, path: str, check: Callable[[Any], bool] = bool) -> bool:
    try:
        answer = client.get(path)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and check(answer.json())


def _knows(told: Any) -> bool:
    return told["policy"] is not None and "being opened" not in " ".join(told["problems"].get("watch", ()))
