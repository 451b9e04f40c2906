"""A forum as a process of its own: ``python -m tests.share.forum_process DATABASE PORT``."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.share.hub import PLENTY, admit

from stillwatch.share.access.access import Access
from stillwatch.share.forum.app import forum_app
from stillwatch.share.forum.server import forum_server
from stillwatch.share.taxii.store import Store
from stillwatch.web.listen import Listen

__all__ = ["free_port", "main", "start", "wait_until_ready"]

ROOT = Path(__file__).parents[2]


def main(database: str, port: str) -> None:
    """Serve what is in the database, until a signal."""
    store = Store(database)
    app = forum_app(store, Access(store.engine, PLENTY), admit)
    forum_server(app, Listen("127.0.0.1", int(port))).run()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def start(database: Path, port: int) -> "subprocess.Popen[bytes]":
    """Process that serves the database."""
    command = [sys.executable, "-m", "tests.share.forum_process", str(database), str(port)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def wait_until_ready(port: int, within_s: float = 30.0) -> None:
    """Wait for the forum's word that it is ready."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    message = "the forum did not become ready"
    raise TimeoutError(message)


if __name__ == "__main__":
    main(*sys.argv[1:])
