"""Chores are done again and again, whatever one of them raises, and none is cut off."""

import asyncio
import logging
import threading

import pytest

from stillwatch.share.forum.chores import chores_running


def test_a_chore_that_fails_is_done_again_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Both are called until the end, and the log says that one failed and not what it said."""
    done: list[str] = []
    enough = threading.Event()

    def failing() -> None:
        done.append("failing")
        message = "secret"
        raise ValueError(message)

    def working() -> None:
        done.append("working")
        if len(done) >= 6:
            enough.set()

    async def run() -> None:
        async with chores_running([failing, working], 0.0):
            assert await asyncio.to_thread(enough.wait, 20)

    caplog.set_level(logging.ERROR, "stillwatch.forum")
    asyncio.run(run())
    assert done[:6] == ["failing", "working"] * 3
    assert {record.getMessage() for record in caplog.records} == {"a chore failed"}


def test_the_end_waits_for_the_chore_at_work() -> None:
    """What it holds is let go of by itself: a database that is closed after the end is not in use."""
    begun, finished = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        threading.Event().wait(0.05)
        finished.set()

    async def run() -> None:
        async with chores_running([slow], 3600.0):
            assert await asyncio.to_thread(begun.wait, 20)
        assert finished.is_set()

    asyncio.run(run())
