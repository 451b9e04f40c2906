"""Batches of the feed: every event once and in order, as many as wait, and no more read ahead than that."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.share.feed.client import Event
from stillwatch.share.node.intake import batches


def event(n: int) -> Event:
    """Event of that number."""
    return Event(str(n), "object", "c", "somebody", "", {})


async def arriving(pauses: list[int], read: list[int] | None = None) -> AsyncGenerator[Event, None]:
    """An event after each number of turns of the loop; `read` is told how far one has come."""
    for n, pause in enumerate(pauses):
        for _ in range(pause):
            await asyncio.sleep(0)
        if read is not None:
            read.append(n)
        yield event(n)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 5), st.lists(st.integers(0, 6), min_size=1, max_size=8))
def test_every_event_comes_once_and_in_order(pauses: list[int], most: int, works: list[int]) -> None:
    """However they arrive, and however long each batch takes."""

    async def run() -> list[list[Event]]:
        found = []
        async for batch in batches(arriving(pauses), most):
            found.append(batch)
            for _ in range(works[len(found) % len(works)]):
                await asyncio.sleep(0)
        return found

    found = asyncio.run(run())
    assert [e.place for batch in found for e in batch] == [str(n) for n in range(len(pauses))]
    assert all(1 <= len(batch) <= most for batch in found)


def test_what_waits_comes_together_and_no_more_is_read_ahead() -> None:
    """While the first batch is at work, as many as fit into one are read; the others stay where they are."""

    async def run() -> tuple[list[int], list[int]]:
        read: list[int] = []
        sizes = []
        async for batch in batches(arriving([0] * 20, read), 4):
            sizes.append(len(batch))
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(read) <= sum(sizes) + 5
        return sizes, read

    sizes, read = asyncio.run(run())
    assert len(read) == sum(sizes) == 20
    assert sizes[1:-1] == [4] * len(sizes[1:-1])


def test_what_the_feed_raises_comes_after_what_came_before() -> None:
    """A reader that is refused ends with the reason, and loses nothing that had arrived."""

    async def refused() -> AsyncGenerator[Event, None]:
        yield event(0)
        yield event(1)
        message = "refused"
        raise RuntimeError(message)

    async def run(found: list[str]) -> None:
        async for batch in batches(refused()):
            found += [e.place for e in batch]

    found: list[str] = []
    with pytest.raises(RuntimeError, match="refused"):
        asyncio.run(run(found))
    assert found == ["0", "1"]


def test_who_is_cancelled_leaves_no_reader_behind() -> None:
    """The feed's connection is closed with the batches."""
    closed: list[bool] = []

    async def endless() -> AsyncGenerator[Event, None]:
        try:
            yield event(0)
            await asyncio.sleep(3600)
        finally:
            closed.append(True)

    async def run() -> None:
        waiting = batches(endless())
        assert len(await anext(waiting)) == 1
        task = asyncio.ensure_future(anext(waiting))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await waiting.aclose()

    asyncio.run(run())
    assert closed == [True]
