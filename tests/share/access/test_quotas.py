"""Quotas against plain counters: by member and window, over processes, and nothing counted that was refused."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import Roster
from stillwatch.share.access.tables import TABLES, USAGE
from stillwatch.store.database import open_database
from stillwatch.web.problem import Problem

LIMITS = Limits(requests=5, objects=10, size_bytes=100, window_s=60)


class Clock:
    """Time that a test turns on."""

    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Database of a forum."""
    made = open_database(tmp_path / "forum.db", TABLES)
    yield made
    made.dispose()


def published(quotas: Quotas, member: str, n: int, size: int) -> bool:
    """Whether a publication is let through; what is not is rolled back, as the store does it."""
    try:
        with quotas._engine.begin() as connection:
            quotas.publish(connection, member, n, size)
    except Problem as wrong:
        return not (wrong.status == 429 and 1 <= int(wrong.headers["Retry-After"]) <= 60)
    return True


STEP = st.tuples(st.integers(0, 1), st.integers(1, 6), st.integers(1, 60), st.sampled_from([0, 0, 0, 7, 30]))


@settings(max_examples=25)
@given(st.lists(STEP, max_size=15))
def test_publications_are_counted_as_by_hand(steps: list[tuple[int, int, int, int]]) -> None:
    """Two processes share the counts; a window begins with none; a refusal leaves them as they were."""
    with TemporaryDirectory() as folder:
        engine, clock = open_database(Path(folder) / "forum.db", TABLES), Clock()
        members = [Roster(engine).add_member(name)[0] for name in "ab"]
        processes = [Quotas(engine, LIMITS, clock) for _ in range(2)]
        objects, sizes = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for turn, (who, n, size, wait) in enumerate(steps):
            clock.now += wait
            key = (who, int(clock.now) // 60)
            fits = objects[key] + n <= 10 and sizes[key] + size <= 100
            assert published(processes[turn % 2], members[who], n, size) is fits
            objects[key] += n * fits
            sizes[key] += size * fits
            used = processes[0].used(members[who])
            assert (used["objects"], used["size_bytes"]) == (objects[key], sizes[key])
        engine.dispose()


def test_requests_of_many_threads_are_all_counted(engine: Engine) -> None:
    """As many pass as are allowed, and one member's do not count for another."""
    quotas, refused = Quotas(engine, Limits(requests=50)), Counter[bool]()
    lock = threading.Lock()

    def ask() -> None:
        for _ in range(20):
            try:
                quotas.request("a")
                was_refused = False
            except Problem:
                was_refused = True
            with lock:
                refused[was_refused] += 1

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == {False: 50, True: 50}
    quotas.request("b")


def test_windows_that_are_over_are_dropped(engine: Engine) -> None:
    """Their rows are; the row of the window that runs stays."""
    clock, member = Clock(), Roster(engine).add_member("a")[0]
    quotas = Quotas(engine, LIMITS, clock)
    for _ in range(3):
        assert published(quotas, member, 1, 1)
        clock.now += 60
    clock.now -= 60
    with engine.begin() as connection:
        quotas.prune(connection)
        assert connection.execute(select(func.count()).select_from(USAGE)).scalar() == 1
    assert quotas.used(member)["objects"] == 1
