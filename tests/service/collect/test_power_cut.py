"""The power is cut, or the disk fails, at everything that is done to it: nothing is lost, nothing comes twice."""

import errno
import io
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.service.collect.memory_disk import MemoryDisk, PowerCut
from tests.service.collect.rows import parcel

from stillwatch.service.collect.hourly import write_by_hour
from stillwatch.service.collect.log import Log, Sealed
from stillwatch.service.collect.parcel import Parcel
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recent import RecentIds
from stillwatch.service.collect.recovery import recover

PLACES = Places(Path("folder"))
MOST_IDS = 1000
T0 = 1_800_000_000.0


def bodies() -> list[Parcel]:
    """Nine bodies over three hours, two with ids of earlier ones."""
    found = [parcel(f"{i}a", f"{i}b", at=T0 + 1700 * (i % 5), n_aside=i % 2) for i in range(7)]
    return [*found, parcel("0a", "new"), parcel("3b", "3b", "newer")]


NAMES = {name for body in bodies() for name in body.rows["exchange_id"].to_pylist()}


class Sender:
    """Sends bodies until each was told to be kept, and counts what it was told."""

    def __init__(self, left: list[Parcel]) -> None:
        self.left = left
        self.told: Counter[str] = Counter()

    def groups(self) -> Iterator[list[Parcel]]:
        """Two bodies at a time."""
        while self.left:
            yield self.left[:2]


def opened() -> datetime:
    """Whenever."""
    return datetime.fromtimestamp(T0, UTC)


def run(disk: MemoryDisk, sender: Sender) -> None:
    """One life of the process: recover, commit, write by hour; segments are sealed every other group."""
    recent = RecentIds(MOST_IDS)
    found = recover(disk, PLACES, recent, MOST_IDS)
    waiting: list[Sealed] = list(found.left)
    log = Log(disk, PLACES, recent, found.number, opened)
    failures = n = 0
    for group in sender.groups():
        n += 1
        try:
            outcomes = log.commit(group)
        except OSError:
            failures += 1
            assert failures < 5
            waiting += filter(None, [log.seal()])
            continue
        for body, outcome in zip(group, outcomes, strict=True):
            assert outcome.n_received == body.n_received
            sender.told["kept"] += outcome.n_accepted
            sender.told["again"] += outcome.n_duplicate
        del sender.left[: len(group)]
        if n % 2 == 0:
            waiting += filter(None, [log.seal()])
            written(disk, waiting)
    waiting += filter(None, [log.seal()])
    written(disk, waiting)


def written(disk: MemoryDisk, waiting: list[Sealed]) -> None:
    """Write what waits, in order; what the disk refuses is tried again."""
    for _ in range(5):
        try:
            while waiting:
                write_by_hour(disk, PLACES, waiting[0])
                del waiting[0]
        except OSError:
            continue
        return
    pytest.fail("the disk never takes it")


def lived(disk: MemoryDisk) -> Sender:
    """Lives until all was told to be kept."""
    sender = Sender(bodies())
    for _ in range(10):
        try:
            run(disk, sender)
        except PowerCut:
            disk.cut_power()
            continue
        except OSError:  # while recovering: the next start tries again
            continue
        return sender
    pytest.fail("it never ends")


def names_on(disk: MemoryDisk) -> list[str]:
    """Ids in the files by hour."""
    paths = [path for path in disk.files if PLACES.traffic in path.parents]
    return [name for path in paths for name in pq.read_table(io.BytesIO(disk.files[path]))["exchange_id"].to_pylist()]


def check(disk: MemoryDisk, sender: Sender) -> None:
    """Everything is there once, by hour, the next start leaves nothing over, nobody was told more than there is."""
    disk.before = lambda _n, _name: None
    run(disk, Sender([]))
    names = names_on(disk)
    assert sorted(names) == sorted(NAMES)
    assert sender.told["kept"] <= len(names)
    assert sender.told["kept"] + sender.told["again"] == sum(body.rows.num_rows for body in bodies())
    assert not disk.names(PLACES.segments)


def n_steps() -> int:
    """What is done to the disk when nothing happens."""
    disk = MemoryDisk(random.Random(0))  # noqa: S311 - a test's
    sender = lived(disk)
    check(disk, sender)
    assert sender.told["kept"] == len(NAMES)
    return disk.n


STEPS = n_steps()


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_power_is_cut_at_every_step(at: int) -> None:
    """Cut at one step, and once more somewhere in what follows: each exchange that was sent is there once."""
    chance = random.Random(at)  # noqa: S311 - a test's
    again = at + chance.randint(1, STEPS)

    def before(n: int, _name: str) -> None:
        if n in (at, again):
            raise PowerCut

    disk = MemoryDisk(chance)
    disk.before = before
    check(disk, lived(disk))


@pytest.mark.parametrize("n_failures", [1, 2])
@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_the_disk_fails_at_every_step(at: int, n_failures: int) -> None:
    """A failure at one step or at two in a row, then a power cut somewhere: each exchange is there once."""
    chance = random.Random(1000 * n_failures + at)  # noqa: S311 - a test's
    cut = at + n_failures + chance.randint(0, STEPS)

    def before(n: int, name: str) -> None:
        if at <= n < at + n_failures and not name.endswith("ed"):
            raise OSError(errno.ENOSPC, "full")
        if n == cut:
            raise PowerCut

    disk = MemoryDisk(chance)
    disk.before = before
    check(disk, lived(disk))


def test_a_step_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the flush some power cut loses what somebody was told is kept: the check can fail."""
    monkeypatch.setattr("tests.service.collect.memory_disk.MemoryFile.sync", lambda self: self._disk.step("sync"))
    lost = 0
    for at in range(1, STEPS + 1):

        def before(n: int, _name: str, at: int = at) -> None:
            if n == at:
                raise PowerCut

        disk = MemoryDisk(random.Random(at))  # noqa: S311 - a test's
        disk.before = before
        lived(disk)
        lost += sorted(names_on(disk)) != sorted(NAMES)
    assert lost
