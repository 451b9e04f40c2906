"""Upgrade a copy of a database and be killed before the n-th statement, for every n; run as a script.

Usage: ``killed_upgrade.py BEFORE FOLDER [SCRIPTS HEAD]``. Prints a line for each n: whether the process was killed. The
last n is the first that it survived. Copies are FOLDER/n.db.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from sqlalchemy import MetaData, event

from stillwatch.service import revisions
from stillwatch.store.database import open_database


def upgrade_until(path: Path, n: int) -> None:
    """Upgrade, killed before statement n."""
    engine, count = open_database(path, MetaData()), 0

    @event.listens_for(engine, "before_cursor_execute")
    def counted(*_: object) -> None:
        nonlocal count
        if count == n:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    @event.listens_for(engine, "commit")
    def committed(*_: object) -> None:
        counted()

    revisions.bring_to_head(engine, is_first=True)
    engine.dispose()


def main(before: Path, folder: Path) -> None:
    """Try every n."""
    n, is_killed = 0, True
    while is_killed:
        copy = folder / f"{n}.db"
        if before.exists():
            shutil.copyfile(before, copy)
        child = os.fork()
        if child == 0:
            upgrade_until(copy, n)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not is_killed and status != 0:
            raise SystemExit(1)
        sys.stdout.write(f"{n} {is_killed}\n")
        n += 1


if __name__ == "__main__":
    if len(sys.argv) > 3:
        revisions._SCRIPTS, revisions.HEAD = sys.argv[3:]  # type: ignore[misc]
    main(Path(sys.argv[1]), Path(sys.argv[2]))
