"""Chores: done at the start and again, whatever failed before, and ended with the forum."""

import asyncio
import logging
import threading

import pytest

from stillwatch.share.forum.chores import Chore, doing


def test_a_chore_that_fails_is_done_again_and_logged_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """Twice wrong, then right; what the exception says is not in the log."""
    turns: list[int] = []
    done = threading.Event()

    def work() -> None:
        turns.append(1)
        if len(turns) < 3:
            message = "planted-value"
            raise ValueError(message)
        done.set()

    async def living() -> None:
        async with doing([Chore("sweeping", work, 0.001)]):
            assert await asyncio.to_thread(done.wait, 20)

    with caplog.at_level(logging.WARNING, "stillwatch.forum"):
        asyncio.run(living())
    assert [(record.route, record.error) for record in caplog.records] == [("sweeping", "ValueError")] * 2  # type: ignore[attr-defined]
    assert "planted-value" not in caplog.text


def test_chores_end_with_the_forum() -> None:
    """After the end nothing is done any more."""
    turns: list[int] = []
    twice = threading.Event()

    def work() -> None:
        turns.append(1)
        if len(turns) == 2:
            twice.set()

    async def living() -> int:
        async with doing([Chore("one", work, 0.001), Chore("two", lambda: None, 60.0)]):
            assert await asyncio.to_thread(twice.wait, 20)
        return len(turns)

    count = asyncio.run(living())
    assert len(turns) == count >= 2
