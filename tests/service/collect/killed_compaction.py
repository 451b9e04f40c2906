"""Compaction in children that kill themselves at each step on a real disk: what `test_killed_compaction` runs.

Folders ``step-001``, ``step-002`` ... are left behind, one for each step. What is printed: how many there are.
"""

import os
import signal
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.service.collect.rows import parcel

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.compaction import Compactor
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.places import HOUR_S, Places

HOUR = 480_000
FILES = 5
MOST_STEPS = 200


class DeadlyDisk(PosixDisk):
    """Kills its process at the step of this number, before it or when it is half done."""

    def __init__(self, at: int) -> None:
        self._left = at

    def install(self, path: Path, data: bytes) -> None:
        self._step()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.partial").write_bytes(bytes(data)[: len(data) // 2])
        self._step()
        super().install(path, data)
        self._step()

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)
        self._step()

    def _step(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def written(places: Places) -> None:
    """Files of an hour."""
    for i in range(FILES):
        path = places.exchanges_of(f"{i:010d}-{i:08x}", HOUR)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = parcel(f"{i}a", f"{i}b", at=HOUR * HOUR_S + 1.0).rows
        pq.write_table(pa.Table.from_batches([rows]), path)
    places.segments.mkdir(parents=True)


def compact(places: Places, at: int) -> None:
    """Until nothing is left, or the step."""
    compactor = Compactor(DeadlyDisk(at), places, Bounds(linger_s=0.0, spare_bytes=0))
    for _ in range(4):
        compactor.step((HOUR + 2) * HOUR_S, 1 << 40)


def survived(places: Places, at: int) -> bool:
    """Whether a child came to the end."""
    pid = os.fork()
    if pid == 0:
        compact(places, at)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def main() -> None:
    """One folder a step, until a child survives."""
    root = Path(sys.argv[1])
    for at in range(1, MOST_STEPS):
        places = Places(root / f"step-{at:03}")
        pid = os.fork()
        if pid == 0:  # the parent stays without threads
            written(places)
            os._exit(0)
        os.waitpid(pid, 0)
        if survived(places, at):
            print(at)  # noqa: T201 - to the test
            return


if __name__ == "__main__":
    main()
