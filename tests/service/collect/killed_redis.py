"""A sender, and a front, a writer and a Redis of which one after the other is killed: what `test_killed_redis` runs.

The sender repeats every body until it was answered. What is printed: ids that were sent, and the sums of all answers.
"""

import contextlib
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import redis
from tests.service.collect.killed_collector import BOUNDS, LENGTH, ROWS, Sender, received
from tests.service.collect.redis_server import NAME, Server

from stillwatch.service.collect.collector import CollectorOptions, journal_in
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.parcel import Outcome
from stillwatch.service.collect.recent import RecentIds, hashes_of
from stillwatch.service.collect.redis_sink import RedisSink
from stillwatch.service.collect.redis_source import drain_running

OPTIONS = CollectorOptions(b"salt" * 8, bounds=BOUNDS)
PATIENCE_S = 400.0


def front(sock: socket.socket, url: str) -> None:
    """A front: it answers what Redis has flushed, and ends when Redis refuses, so that all is sent again."""
    intake = OPTIONS.intake()
    with contextlib.closing(RedisSink(url)) as sink:
        while len(head := received(sock, LENGTH.size)) == LENGTH.size:
            number, size = LENGTH.unpack(head)

            def answered(done: Future[Outcome], number: int = number) -> None:
                if done.exception() is not None or not done.result().is_durable:
                    os._exit(3)
                outcome = done.result()
                told = (number, outcome.n_accepted, outcome.n_duplicate, outcome.n_quarantined)
                with contextlib.suppress(OSError):
                    sock.sendall(struct.pack("<IIII", *told))

            sink.submit(intake.read(received(sock, size), BodyFormat.NATIVE)).add_done_callback(answered)


def writer(sock: socket.socket, url: str, folder: Path) -> None:
    """The writer, until the other end of the socket is closed."""
    with journal_in(folder, OPTIONS) as journal, drain_running(url, journal, OPTIONS.salt):
        received(sock, 1)


class Child:
    """A forked process and our end of its socket."""

    def __init__(self, body: Callable[[socket.socket], None]) -> None:
        self.sock, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.sock.close()
            self._be(body, theirs)
        theirs.close()

    @staticmethod
    def _be(body: Callable[[socket.socket], None], sock: socket.socket) -> NoReturn:
        with contextlib.suppress(Exception):
            body(sock)
            os._exit(0)
        os._exit(1)

    def end(self, number: int | None = None) -> int:
        """Kill it, or let it end; its status."""
        if number is not None:
            os.kill(self.pid, number)
        self.sock.close()
        return os.waitpid(self.pid, 0)[1]


class Trial:
    """All of them."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.server, self.folder = Server(folder / "redis"), folder / "service"
        self.server.start()
        self.sender, self.chance = Sender(chance), chance
        self.killed = {"front": 0, "writer": 0, "redis": 0}
        self.front, self.writer = self.new_front(), self.new_writer()

    def new_front(self) -> Child:
        """A front; it is sent all that was not answered."""
        child = Child(lambda sock: front(sock, self.server.url))
        with contextlib.suppress(OSError):
            self.sender.send(child.sock, list(self.sender.open))
        return child

    def new_writer(self) -> Child:
        """A writer; it inherits no end of the front's socket that would keep that open."""
        return Child(lambda sock: writer(sock, self.server.url, self.folder))

    def exchange(self, seconds: float, *, fills: bool) -> None:
        """Hear answers, and send new bodies; a front that has ended is made anew."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (fills or self.sender.open):
            if not select.select([self.front.sock], [], [], 0.001)[0]:
                continue
            data = received(self.front.sock, 16)
            if len(data) < 16:
                self.front.end()
                self.front = self.new_front()
                threading.Event().wait(0.02)
                continue
            self.sender.take(data)
            if fills:
                before = set(self.sender.open)
                self.sender.fill()
                with contextlib.suppress(OSError):
                    self.sender.send(self.front.sock, sorted(set(self.sender.open) - before))

    def kill(self, which: str) -> None:
        """Kill one, and have it again."""
        self.killed[which] += 1
        if which == "redis":
            self.server.stop()
            self.exchange(self.chance.uniform(0, 0.1), fills=True)
            self.server.start()
        elif which == "front":
            os.kill(self.front.pid, signal.SIGKILL)
            while len(data := received(self.front.sock, 16)) == 16:  # told before the kill
                self.sender.take(data)
            self.front.end()
            self.front = self.new_front()
        else:
            self.writer.end(signal.SIGKILL)
            self.writer = self.new_writer()

    def settle(self) -> int:
        """Have everything answered and written; status of the writer."""
        end = time.monotonic() + PATIENCE_S
        while self.sender.open and time.monotonic() < end:
            self.exchange(1.0, fills=False)
        self.front.end()
        while time.monotonic() < end and not self._is_written():
            if os.waitpid(self.writer.pid, os.WNOHANG)[0]:  # Redis was away when it was started
                self.writer.sock.close()
                self.writer = self.new_writer()
            threading.Event().wait(0.05)
        status = self.writer.end()
        self.server.stop()
        self.server.client.close()
        return status

    def _is_written(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return self.server.client.xlen(NAME.stream) == 0
        return False


def main() -> None:
    """Kill, end, print."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    RecentIds(8).fresh(hashes_of(pa.array(["compiled before the first child"])))
    trial = Trial(folder, random.Random(seed))  # noqa: S311 - a test's
    trial.sender.fill()
    with contextlib.suppress(OSError):
        trial.sender.send(trial.front.sock, list(trial.sender.open))
    for i in range(kills):
        trial.exchange(trial.chance.uniform(0.05, 0.5), fills=True)
        trial.kill(("front", "writer", "redis")[i % 3])
    status = trial.settle()
    told = {"killed": trial.killed, "end": status, "open": len(trial.sender.open), "rows": ROWS}
    print(json.dumps({**told, "names": trial.sender.names, **trial.sender.totals}))  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
