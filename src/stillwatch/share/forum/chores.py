"""What the forum does by itself, every now and then."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Chore", "doing"]

_LOG: Final = logging.getLogger("stillwatch.forum")


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is done on a thread at the start and then again after a while, for as long as the forum runs."""

    name: str
    work: Callable[[], object]
    every_s: float = 60.0


@contextlib.asynccontextmanager
async def doing(chores: Sequence[Chore]) -> AsyncIterator[None]:
    """Do chores while the context is open; one that fails is logged, and tried again at its next turn."""
    tasks = [asyncio.create_task(_repeat(chore)) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(chore: Chore) -> None:
    while True:
        try:
            await asyncio.to_thread(chore.work)
        except Exception as error:  # noqa: BLE001 - whatever it was, the next turn may do better
            _LOG.warning("a chore failed", extra={"route": chore.name, "error": type(error).__name__})
        await asyncio.sleep(chore.every_s)
