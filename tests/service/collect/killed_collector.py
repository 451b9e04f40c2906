"""A sender and, in forked children that it kills again and again, a collector: what `test_killed` runs.

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
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import CollectorOptions, journal_in
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.parcel import Outcome
from stillwatch.service.collect.recent import RecentIds, hashes_of

BOUNDS = Bounds(gather_s=0.001, segment_bytes=6_000, segment_s=0.01, spare_bytes=0, backlog_bytes=1 << 40)
LENGTH = struct.Struct("<II")
ROWS = 3
IN_FLIGHT = 8


def received(sock: socket.socket, n: int) -> bytes:
    """So many bytes, fewer at the end, which a killed process may leave as a reset."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while len(data) < n and (part := sock.recv(n - len(data))):
            data += part
    return data


def collect(sock: socket.socket, folder: Path) -> NoReturn:
    """The child: takes bodies with a number in front, answers with the number and counts once they are kept."""
    options = CollectorOptions(b"salt" * 8, bounds=BOUNDS)
    intake = options.intake()
    with journal_in(folder, options) as journal:
        while len(head := received(sock, LENGTH.size)) == LENGTH.size:
            number, size = LENGTH.unpack(head)

            def answered(done: Future[Outcome], number: int = number) -> None:
                outcome = done.result()
                told = (number, outcome.n_accepted, outcome.n_duplicate, outcome.n_quarantined)
                with contextlib.suppress(OSError):
                    sock.sendall(struct.pack("<IIII", *told))

            journal.submit(intake.read(received(sock, size), BodyFormat.NATIVE)).add_done_callback(answered)
    os._exit(0)


class Sender:
    """Bodies that were not answered yet, and what was."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.n = 0
        self.open: dict[int, bytes] = {}
        self.names: list[str] = []
        self.totals = {"received": 0, "accepted": 0, "duplicate": 0, "quarantined": 0}

    def fill(self) -> None:
        """Have new bodies, of exchanges in two hours and one line that cannot be read."""
        while len(self.open) < IN_FLIGHT:
            names = [f"{self.n}-{i}" for i in range(ROWS)]
            now = time.time() - 3600 * self.chance.randint(0, 1)
            lines = [json.dumps({"exchange_id": name, "time": now, "account_id": "a"}) for name in names]
            self.open[self.n] = "\n".join([*lines, "{broken"]).encode()
            self.names += names
            self.n += 1

    def send(self, sock: socket.socket, numbers: list[int]) -> None:
        """Send bodies."""
        for number in numbers:
            body = self.open[number]
            sock.sendall(LENGTH.pack(number, len(body)) + body)

    def take(self, data: bytes) -> None:
        """Note an answer."""
        number, *counts = struct.unpack("<IIII", data)
        del self.open[number]
        self.totals["received"] += ROWS + 1
        for name, count in zip(("accepted", "duplicate", "quarantined"), counts, strict=True):
            self.totals[name] += count


def life(sender: Sender, folder: Path, kill: tuple[float, int] | None) -> int:
    """One child; it is killed after seconds or answers, or ends by itself when everything is answered."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        collect(theirs, folder)
    theirs.close()
    start, n = time.monotonic(), 0
    if kill:
        sender.fill()
    with contextlib.suppress(OSError):
        sender.send(ours, list(sender.open))
        while sender.open and (kill is None or (time.monotonic() - start < kill[0] and n < kill[1])):
            if not select.select([ours], [], [], 0.001)[0]:
                continue
            data = received(ours, 16)
            if len(data) < 16:
                break
            sender.take(data)
            n += 1
            if kill:
                before = set(sender.open)
                sender.fill()
                sender.send(ours, sorted(set(sender.open) - before))
    if kill:
        time.sleep(sender.chance.uniform(0, 0.003))
        os.kill(pid, signal.SIGKILL)
        while len(data := received(ours, 16)) == 16:  # told before the kill
            sender.take(data)
    ours.close()
    return os.waitpid(pid, 0)[1]


def main() -> None:
    """Kill, end, print."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    RecentIds(8).fresh(hashes_of(pa.array(["compiled before the first child"])))
    sender = Sender(random.Random(seed))  # noqa: S311 - a test's
    statuses: list[int] = []
    for i in range(kills):
        by_time = (sender.chance.uniform(0, 0.15), 1 << 30)
        statuses.append(life(sender, folder, by_time if i % 2 else (30.0, sender.chance.randint(1, 12))))
    told: dict[str, Any] = {"killed": statuses.count(signal.SIGKILL), "end": life(sender, folder, None)}
    print(json.dumps({**told, "names": sender.names, **sender.totals}))  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
