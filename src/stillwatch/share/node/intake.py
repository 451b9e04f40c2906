"""Events of the feed in batches: one alone while they come one by one, all that wait while the node is at work."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from stillwatch.share.feed.client import Event

__all__ = ["MOST_TOGETHER", "batches"]

MOST_TOGETHER: Final = 256
"""Events of a batch, which is one transaction; as many again are read ahead."""


async def batches(events: AsyncGenerator[Event, None], most: int = MOST_TOGETHER) -> AsyncGenerator[list[Event], None]:
    """All events, in order, each in one batch; whoever is slow finds larger ones and is not read ahead of for ever.

    Raises      What `events` raises, after everything that came before.
    """
    waiting: asyncio.Queue[Event] = asyncio.Queue(most)
    filling = asyncio.create_task(_fill(waiting, events))
    try:
        while (first := await _first(waiting, filling)) is not None:
            yield [first, *(waiting.get_nowait() for _ in range(min(waiting.qsize(), most - 1)))]
        await filling
    finally:
        filling.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await filling


async def _fill(waiting: asyncio.Queue[Event], events: AsyncGenerator[Event, None]) -> None:
    async with contextlib.aclosing(events):
        async for event in events:
            await waiting.put(event)


async def _first(waiting: asyncio.Queue[Event], filling: "asyncio.Task[None]") -> Event | None:
    """The next event, waited for; None when there will be none."""
    if waiting.empty():
        getting = asyncio.create_task(waiting.get())
        try:
            await asyncio.wait({getting, filling}, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
        finally:
            getting.cancel()
    return None if waiting.empty() else waiting.get_nowait()
