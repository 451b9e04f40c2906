"""The journal: groups, answers after the flush, a disk that is full and gets room again, an orderly end."""

import errno
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from tests.service.collect.memory_disk import MemoryDisk
from tests.service.collect.rows import n_aside, parcel, stored

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.disk import Disk, PosixDisk
from stillwatch.service.collect.journal import Journal, Written
from stillwatch.service.collect.metrics import NO_METRICS
from stillwatch.service.collect.parcel import Outcome
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.refusal import Refusal
from stillwatch.service.collect.roller import Surroundings

WAIT_S = 30.0
QUICK = Bounds(gather_s=0.0, retry_s=1)


class GatedDisk(PosixDisk):
    """A real disk whose flushes wait at a gate, or that is full."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.full = False
        self.n_syncs = 0
        self.no_install = False

    def create(self, path: Path) -> "GatedFile":
        return GatedFile(self, super().create(path))

    def install(self, path: Path, data: bytes) -> None:
        if self.no_install:
            raise OSError(errno.ENOSPC, "full")
        super().install(path, data)


class GatedFile:
    """One of its files."""

    def __init__(self, disk: GatedDisk, file: object) -> None:
        self._disk, self._file = disk, file

    def append(self, data: bytes) -> None:
        self._file.append(data)  # type: ignore[attr-defined]
        if self._disk.full:
            raise OSError(errno.ENOSPC, "full")

    def sync(self) -> None:
        self._disk.n_syncs += 1
        self._disk.entered.set()
        assert self._disk.gate.wait(WAIT_S)

    def truncate(self, size: int) -> None:
        self._file.truncate(size)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._file.close()  # type: ignore[attr-defined]


def journal_on(folder: Path, disk: Disk, bounds: Bounds = QUICK) -> Journal:
    """A journal that was started."""
    journal = Journal(Surroundings(disk, Places(folder), bounds, NO_METRICS))
    journal.start()
    return journal


@pytest.fixture
def disk() -> GatedDisk:
    """The disk."""
    return GatedDisk()


@pytest.fixture
def journal(tmp_path: Path, disk: GatedDisk) -> Iterator[Journal]:
    """A journal on it."""
    made = journal_on(tmp_path, disk)
    yield made
    disk.gate.set()
    made.close()


def takes(journal: Journal) -> bool:
    """Whether it takes parcels just now."""
    return journal.takes


def result(answer: Future[Outcome]) -> Outcome:
    """What became of a parcel."""
    return answer.result(WAIT_S)


def test_counts(journal: Journal, tmp_path: Path) -> None:
    """New rows, rows seen before, in the same body too, and rows put aside are told apart and stored accordingly."""
    assert journal.written == Written(0, 0, 0, None)
    assert result(journal.submit(parcel("a", "b", "a", n_aside=2))) == Outcome(2, 1, 2)
    assert result(journal.submit(parcel("b", "c"))) == Outcome(1, 1, 0)
    assert result(journal.submit(parcel())) == Outcome(0, 0, 0)
    assert journal.written[:3] == (3, 2, 2)
    assert journal.written.age_s is not None
    assert journal.settle(WAIT_S)
    assert sorted(stored(tmp_path)) == ["a", "b", "c"]
    assert n_aside(tmp_path) == 2


def test_nobody_is_told_before_the_flush(journal: Journal, disk: GatedDisk) -> None:
    """While the flush lasts nobody is answered; all that came meanwhile share the next one."""
    result(journal.submit(parcel("warm")))
    disk.gate.clear()
    disk.entered.clear()
    first = journal.submit(parcel("a"))
    assert disk.entered.wait(WAIT_S)
    before = disk.n_syncs
    later = [journal.submit(parcel(f"{i}")) for i in range(20)]
    again = journal.submit(parcel("a"))
    assert not any(answer.done() for answer in (first, *later, again))
    disk.gate.set()
    assert [result(answer).n_accepted for answer in (first, *later)] == [1] * 21
    assert result(again) == Outcome(0, 1, 0)
    assert disk.n_syncs - before <= 2


def test_a_full_disk_loses_nothing_and_recovers(journal: Journal, disk: GatedDisk, tmp_path: Path) -> None:
    """With a full disk everyone is sent away for later; what was kept stays, and with room it goes on by itself."""
    result(journal.submit(parcel("before")))
    disk.full = True
    with pytest.raises(Refusal, match="the disk does not take it: full") as refused:
        result(journal.submit(parcel("lost", n_aside=1)))
    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert not takes(journal)
    with pytest.raises(Refusal, match="takes nothing just now"):
        journal.submit(parcel("lost"))
    disk.full = False
    outcome = None
    while outcome is None:
        try:
            outcome = result(journal.submit(parcel("lost", "after")))
        except Refusal:
            threading.Event().wait(0.02)
    assert outcome == Outcome(2, 0, 0)
    assert takes(journal)
    assert journal.settle(WAIT_S)
    assert sorted(stored(tmp_path)) == ["after", "before", "lost"]
    assert n_aside(tmp_path) == 0


def test_room_is_left_to_others(tmp_path: Path) -> None:
    """With less free than is to be spared nothing is written, though it would fit."""
    disk = MemoryDisk(random.Random(0))  # noqa: S311 - a test's
    disk.free = 1000
    journal = journal_on(tmp_path, disk, Bounds(spare_bytes=1000))
    try:
        with pytest.raises(Refusal, match="No space left"):
            result(journal.submit(parcel("a")))
    finally:
        journal.close()
    assert not [path for path in disk.files if path.suffix == ".wal"]


def test_a_backlog_sends_away(tmp_path: Path, disk: GatedDisk) -> None:
    """When segments cannot be written by hour, they wait up to a bound; then nobody is taken until they can."""
    disk.no_install = True
    journal = journal_on(tmp_path, disk, Bounds(gather_s=0.0, segment_bytes=1, backlog_bytes=1, retry_s=1))
    try:
        result(journal.submit(parcel("a")))
        for _ in range(1000):
            if not journal.takes:
                break
            threading.Event().wait(0.01)
        with pytest.raises(Refusal, match="faster than they can be written by hour"):
            journal.submit(parcel("b"))
        disk.no_install = False
        assert journal.settle(WAIT_S)
        assert "a" in stored(tmp_path)
        assert takes(journal)
    finally:
        journal.close()


def test_the_end_keeps_what_waits(tmp_path: Path) -> None:
    """What was handed over before the end is kept and written by hour; what comes after is refused."""
    journal = journal_on(tmp_path, PosixDisk())
    answers = [journal.submit(parcel(f"{i}")) for i in range(50)]
    journal.close()
    journal.close()
    assert all(result(answer).n_accepted == 1 for answer in answers)
    assert len(stored(tmp_path)) == 50
    assert not list(Places(tmp_path).segments.iterdir())
    with pytest.raises(Refusal, match="stopping"):
        journal.submit(parcel("late"))
    assert not journal.settle(0.1)
    assert not takes(journal)


def test_ids_are_remembered_across_a_restart(tmp_path: Path) -> None:
    """A retry that reaches the next process is known."""
    for n_new in (2, 0):
        journal = journal_on(tmp_path, PosixDisk())
        assert result(journal.submit(parcel("a", "b"))).n_accepted == n_new
        journal.close()
    assert sorted(stored(tmp_path)) == ["a", "b"]


def test_segments_are_closed_by_size_and_age(tmp_path: Path) -> None:
    """A segment that is large enough, or old enough without any more traffic, is written by hour."""
    for bounds in (Bounds(gather_s=0.0, segment_bytes=1), Bounds(gather_s=0.0, segment_s=0.05)):
        folder = tmp_path / f"{bounds.segment_bytes}"
        journal = journal_on(folder, PosixDisk(), bounds)
        try:
            result(journal.submit(parcel("a")))
            for _ in range(1000):
                if stored(folder):
                    break
                threading.Event().wait(0.01)
            assert stored(folder) == ["a"]
        finally:
            journal.close()


def test_an_error_that_nobody_thought_of(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with a group, those who wait are told, without its text, and the journal lives on."""

    def broken(*_given: object) -> None:
        message = "text of somebody's prompt"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr("stillwatch.service.collect.log.Log.commit", broken)
        with pytest.raises(Refusal, match="RuntimeError") as refused:
            result(journal.submit(parcel("a")))
    assert "prompt" not in str(refused.value)
    threading.Event().wait(0.6)
    assert result(journal.submit(parcel("a"))).n_accepted == 1


def test_damaged_files_do_not_stop_a_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ids and segments that are damaged are told and left; the rest is taken up."""
    journal = journal_on(tmp_path, PosixDisk())
    result(journal.submit(parcel("a")))
    journal.close()
    places = Places(tmp_path)
    next(places.ids.iterdir()).write_bytes(b"damaged")
    (places.segments / "0000000009-00000000.wal").write_bytes(b"x" * 100_000)
    (places.segments / "0000000010-00000000.wal").write_bytes(b"torn")
    journal = journal_on(tmp_path, PosixDisk())
    assert result(journal.submit(parcel("b"))).n_accepted == 1
    journal.close()
    assert sorted(stored(tmp_path)) == ["a", "b"]
    assert [path.name for path in places.segments.iterdir()] == ["0000000009-00000000.wal"]
    assert "ids of the segment 0000000001" in caplog.text
    assert "header of the segment 0000000009" in caplog.text
    assert next(path.name[:10] for path in sorted(places.ids.iterdir())[1:]) == "0000000011"
