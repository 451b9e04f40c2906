"""What the forum does by itself, again and again, without being asked."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool

__all__ = ["CHORES_S", "chores_running"]

CHORES_S: Final = 60.0
_LOG: Final = logging.getLogger("stillwatch.forum")


@contextlib.asynccontextmanager
async def chores_running(chores: Sequence[Callable[[], object]], period_s: float = CHORES_S) -> AsyncIterator[None]:
    """Do the chores on a thread, one after another, at once and then every so often; one that fails is done again.

    The end waits for the chore at work.
    """
    ending = asyncio.Event()
    task = asyncio.create_task(_again_and_again(chores, period_s, ending))
    try:
        yield
    finally:
        ending.set()
        await task


async def _again_and_again(chores: Sequence[Callable[[], object]], period_s: float, ending: asyncio.Event) -> None:
    while not ending.is_set():
        for chore in chores:
            try:
                await run_in_threadpool(chore)
            except Exception:  # noqa: BLE001 - whatever it was, the next turn comes; the log has no values
                _LOG.exception("a chore failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), period_s)
