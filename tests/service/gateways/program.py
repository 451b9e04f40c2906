"""`stillwatch serve` as an operator runs it: a process of its own in a folder, its commands beside it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.act.gateways.standin import Program, free_port, running

__all__ = ["PATIENCE_S", "Serving", "serving", "settings_text", "stillwatch", "until"]

PATIENCE_S = 300.0
"""A first start compiles kernels, on a machine that has other things to do."""
COMMANDS = Path(sys.executable).parent


def environment() -> dict[str, str]:
    """Surroundings in which `stillwatch` is a command, and settings are those of the folder."""
    here = {name: value for name, value in os.environ.items() if name != "STILLWATCH_SERVICE"}
    return here | {"PATH": f"{COMMANDS}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "160"}


def stillwatch(folder: Path, *arguments: str) -> str:
    """What a command prints."""
    command = [str(COMMANDS / "stillwatch"), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def settings_text(port: int, **more: str) -> str:
    """Settings of a service on that port, which looks at its traffic once unless more is said."""
    watch = more.pop("watch", "every_s = 86400")
    tables = "".join(f"[{name}]\n{text}\n" for name, text in more.items())
    return (
        f'listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
        f'[watch]\nmemory = "1GB"\n{watch}\n{tables}'
    )


@dataclass(frozen=True)
class Serving:
    """A service that runs in a folder."""

    folder: Path
    port: int
    program: Program

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def token(self, name: str, *scopes: str) -> str:
        """A token, by the command that issues them."""
        asked = [word for scope in scopes for word in ("--scope", scope)]
        return stillwatch(self.folder, "token", "add", name, *asked, "--by", "ada").strip()

    def status(self, token: str) -> dict[str, Any]:
        """How it fares."""
        answer = httpx.get(f"{self.url}/v1/status", headers={"x-stillwatch-token": token}, trust_env=False, timeout=60)
        told: dict[str, Any] = json.loads(answer.raise_for_status().content)
        return told


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[Serving]:
    """`stillwatch serve` in a folder that has settings."""
    here = port or free_port()
    command = [str(COMMANDS / "stillwatch"), "serve"]
    program = Program(command, f"http://127.0.0.1:{here}/health/ready", environment(), folder)
    with running(program, PATIENCE_S):
        yield Serving(folder, here, program)


def until(happens: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until something is true; it is given back."""
    end = time.monotonic() + patience_s
    while not (found := happens()):
        assert time.monotonic() < end, f"{what}: not within {patience_s:g} s"
        time.sleep(0.2)
    return found
