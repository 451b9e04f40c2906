"""A real Redis on a socket in a folder, which may be stopped and started again."""

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.redis_sink import RedisSink
from stillwatch.service.collect.redis_source import RedisSource
from stillwatch.service.collect.redis_stream import StreamName

BINARY = shutil.which("redis-server")
WAIT_S = 60.0
NAME = StreamName()
FLUSHES = ("--appendonly", "yes", "--appendfsync", "always")
FORGETS = ("--appendonly", "no", "--save", "")


class Server:
    """A Redis and a client of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.url = f"unix://{folder / 's'}"
        self.client = redis.Redis.from_url(self.url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start; without options every command is flushed."""
        command = [str(BINARY), "--port", "0", "--unixsocket", "s", "--dir", ".", *(options or FLUSHES)]
        self._process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def is_empty(self) -> bool:
        """Whether everything was taken."""
        with contextlib.suppress(redis.RedisError):
            return self.client.xlen(NAME.stream) == 0
        return False


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """A Redis for a block."""
    here = Server(folder)
    here.start(*options)
    try:
        yield here
    finally:
        here.stop()
        here.client.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


@contextlib.contextmanager
def sink_to(server: Server, name: StreamName = NAME) -> Iterator[RedisSink]:
    """A collector's end."""
    with contextlib.closing(RedisSink(server.url, name)) as sink:
        yield sink


@contextlib.contextmanager
def source_of(server: Server, journal: Journal, name: StreamName = NAME) -> Iterator[RedisSource]:
    """The writer's end."""
    source = RedisSource(server.url, journal, name)
    source.start()
    try:
        yield source
    finally:
        source.close()
