"""From a publication at one member to its check at three others: real processes on loopback, at fixed rates.

::

    python -m benchmarks.share_exchange [--rates 20,100] [--seconds 20] [--nodes 3] [--local 1000000]

One process each: the forum with its guard and its ledger, a publisher, three nodes that hold `local` tags of their own.
The publisher makes an indicator of 40 tags (ten objects of its own), signs them, passes the guard and sends them in a
request of its own; its clock starts before all that. *Checked* is when a node has the answer on its disk, *sighting*
when the forum has that answer on its own. Publications do not wait for one another: what is late stays late. No
evaluator runs: values were tagged before. The quotas of the forum are lifted.

Processor time is what the kernel has counted for each process between the first publication and the last answer. On a
busy machine the same work takes more of it; a loop of a million turns, before and after, says how busy it was.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import numpy as np
import orjson
from benchmarks.share_exchange_world import WARM_UP_S, World
from sqlalchemy import select

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.roster import Roster
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import RECORDS
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

TICKS: Final = os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """Figures of one rate: seconds of each event, processor seconds and largest memory of each process."""

    world: World
    answered: list[float]
    checked: list[float]
    sighting: list[float]
    cpu_s: dict[str, float]
    memory_mb: dict[str, float]
    late_s: float


def founded(folder: Path, nodes: int) -> tuple[tuple[str, str], ...]:
    """Make the forum's database with its members; pseudonyms and tokens, the publisher first."""
    SigningKey.generate().save(folder / "forum.key")
    store = Store(folder / "forum.db")
    LEDGER_TABLES.create_all(store.engine)
    MEMBER_KEY_TABLES.create_all(store.engine)
    collection = Collections(store.engine).add("Campaigns", alias="campaigns")
    members = []
    for _ in range(nodes + 1):
        member_id, token = Roster(store.engine).add_member("somebody")
        Collections(store.engine).grant(member_id, collection, read=True, write=True)
        members.append((member_id, token.text))
    store.close()
    return tuple(members)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Process:
    """One of the processes."""

    def __init__(self, world: World, role: str, number: int = 0) -> None:
        module = "forum" if role == "forum" else "member"
        command = [sys.executable, "-m", f"benchmarks.share_exchange_{module}", world.text(), role, str(number)]
        self.name = role if role != "node" else f"node {number}"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE} if role != "forum" else {}
        self.run = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]

    def line(self) -> str:
        """Next line that it prints."""
        told: str = self.run.stdout.readline()
        if not told:
            message = f"{self.name} ended with {self.run.wait()}"
            raise RuntimeError(message)
        return told

    def go(self) -> None:
        """Have it begin."""
        self.run.stdin.write("go\n")
        self.run.stdin.flush()

    def cpu_s(self) -> float:
        """Processor seconds until now, in user mode and in the kernel."""
        told = Path(f"/proc/{self.run.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / TICKS

    def memory_mb(self) -> float:
        """Largest resident memory until now."""
        told = Path(f"/proc/{self.run.pid}/status").read_text()
        return int(told.partition("VmHWM:")[2].split()[0]) / 1024

    def end(self) -> None:
        """End it, however far it is."""
        self.run.terminate()
        self.run.wait()
        for pipe in (self.run.stdin, self.run.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


@contextlib.contextmanager
def started(world: World) -> Iterator[dict[str, Process]]:
    """All processes, ready."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Process] = {}

        def start(role: str, number: int = 0) -> Process:
            process = Process(world, role, number)
            found[process.name] = process
            stack.callback(process.end)
            return process

        start("forum")
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{world.url}/health/ready").is_success:
                    break
            time.sleep(0.1)
        others = [start("node", number) for number in range(1, len(world.members))]
        for process in [*others, start("publisher")]:
            process.line()
        time.sleep(2.0)
        yield found


def measured(rate: float, seconds: float, nodes: int, local: int) -> Measured:
    """Run one rate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        members = founded(folder, nodes)
        world = World(folder, f"http://127.0.0.1:{free_port()}", rate, seconds, local, members)
        with started(world) as processes:
            before = {name: process.cpu_s() for name, process in processes.items()}
            processes["publisher"].go()
            begun = {k: tuple(v) for k, v in json.loads(processes["publisher"].line()).items()}
            start = time.perf_counter()
            checked = [json.loads(processes[f"node {i + 1}"].line()) for i in range(nodes)]
            late_s = time.perf_counter() - start
            cpu_s = {name: process.cpu_s() - before[name] for name, process in processes.items()}
            memory_mb = {name: process.memory_mb() for name, process in processes.items()}
        return Measured(world, *_waited(world, begun, checked), cpu_s, memory_mb, late_s)


def _waited(
    world: World, begun: dict[str, tuple[float, float, float]], checked: Sequence[dict[str, float]]
) -> tuple[list[float], list[float], list[float]]:
    """Seconds to the answer, to each check, and to each sighting, the warm-up left out."""
    counted = list(begun)[int(world.rate * WARM_UP_S) :]
    at_forum = _sightings(world.folder / "forum.db")
    return (
        [begun[name][2] - begun[name][0] for name in counted],
        [node[name] - begun[name][0] for node in checked for name in counted],
        [added - begun[name][1] for name in counted for added in at_forum.get(name, [])],
    )


def _sightings(database: Path) -> dict[str, list[float]]:
    """Times at which sightings were stored, by indicator."""
    engine, found = open_database(database, LEDGER_TABLES), dict[str, list[float]]()
    with engine.begin() as connection:
        chosen = select(RECORDS.c.added_us, RECORDS.c.document).where(RECORDS.c.type == "sighting")
        for row in connection.execute(chosen):
            about = orjson.loads(row.document)["sighting_of_ref"].partition("--")[2]
            found.setdefault(about, []).append(row.added_us / 1e6)
    engine.dispose()
    return found


def loop_ms() -> float:
    """Milliseconds of processor that a million turns of a loop take now."""
    start = time.process_time()
    for _ in range(1_000_000):
        pass
    return (time.process_time() - start) * 1e3


def told(found: Measured) -> None:
    """Print the table of one rate."""
    n = found.world.n
    nodes = len(found.world.members) - 1
    print(f"\n{found.world.rate:.0f} indicators/s for {found.world.seconds:.0f} s, {nodes} nodes, ", end="")
    print(f"{found.world.local:,} local tags each; the last answer {found.late_s:.1f} s after the last publication")
    names = "publish to answer", "publish to checked", "publish to sighting"
    for name, seconds in zip(names, (found.answered, found.checked, found.sighting), strict=True):
        p50, p99, most = np.percentile(np.array(seconds) * 1e3, [50, 99, 100])
        print(f"{name:<22} n {len(seconds):>6}  p50 {p50:8.1f} ms  p99 {p99:8.1f} ms  max {most:8.1f} ms")
    for name, cpu_s in found.cpu_s.items():
        print(f"{name:<22} {cpu_s / n * 1e3:6.2f} ms of processor an indicator, {found.memory_mb[name]:5.0f} MB")
    print(f"{'all':<22} {sum(found.cpu_s.values()) / n * 1e3:6.2f} ms of processor an indicator", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="20,100", help="indicators a second, after one another")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each rate that count")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--local", type=int, default=1_000_000, help="tags of each node's own traffic")
    options = parser.parse_args()
    for rate in options.rates.split(","):
        before_ms = loop_ms()
        told(measured(float(rate), options.seconds, options.nodes, options.local))
        print(
            f"a loop of a million turns: {before_ms:.0f} ms of processor before, {loop_ms():.0f} ms after", flush=True
        )


if __name__ == "__main__":
    main()
