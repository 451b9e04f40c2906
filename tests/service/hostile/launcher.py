"""Starts services in forked children, so that what is slow to import is imported once: what `running` talks to.

A line of JSON in: ``{"start": [ARGUMENTS], "log": FILE, "files": N}`` is answered by the process's number, and
``{"wait": NUMBER}`` by how it ended. N is how many files it may have open at first. Children that are left when
standard input closes are killed.
"""

import json
import os
import resource
import signal
import sys
from typing import NoReturn

from stillwatch.cli import app
from stillwatch.service import app as _app  # noqa: F401 - imported for the children
from stillwatch.service import home as _home  # noqa: F401
from stillwatch.service import serving as _serving  # noqa: F401
from stillwatch.service.generation import warm
from stillwatch.web import server as _server  # noqa: F401


def serve(arguments: list[str], log: str, files: int) -> NoReturn:
    """The child: the command, as a shell would start it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    to = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (to, 1), (to, 2)):
        os.dup2(source, target)
    code = 0
    try:
        app(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the child must not come back
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        code = 70
    os._exit(code)


def main() -> None:
    """Do what is told."""
    warm()
    children: set[int] = set()
    for line in sys.stdin.buffer:
        told = json.loads(line)
        if "start" in told:
            answer = os.fork()
            if answer == 0:
                serve(told["start"], told["log"], told["files"])
            children.add(answer)
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(told["wait"], 0)[1])
            children.discard(told["wait"])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
