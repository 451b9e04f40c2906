"""Bodies that wait are read together: what reading costs whoever comes alone is shared by all.

A body that comes after a pause is read at once, so nobody waits for company that may not come. After a reading
`Bounds.gather_s` pass before the next, or as long as the reading took: what arrives meanwhile is read together. Large
bodies are read alone, so that no small one waits for them.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread

from stillwatch.service.collect.bodies import Body
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.intake import Together
from stillwatch.service.collect.journal import Sink
from stillwatch.service.collect.parcel import Outcome, Share
from stillwatch.service.collect.reading_apart import Reading

__all__ = ["Gather", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that was read and handed to the sink.

    handed      What becomes of the parcel that it is a share of; `told` is the same in the event loop.
    size_bytes  Memory that it takes, about.
    """

    share: Share
    handed: Future[Outcome]
    told: asyncio.Future[Outcome]
    size_bytes: int

    async def outcome(self) -> Outcome:
        """Wait for what becomes of it.

        Raises  Refusal: nothing of it was kept.
        """
        # Whoever goes away must not take the answer from the others.
        return (await asyncio.shield(self.told)).of(self.share)


class _Waiting(NamedTuple):
    """A body and who waits for it."""

    body: Body
    answer: asyncio.Future[Taken]


class Gather:
    """Between the bodies and a sink; use it from one event loop."""

    def __init__(self, reading: Reading, sink: Sink, bounds: Bounds) -> None:
        self._reader, self._sink, self._bounds = reading, sink, bounds
        self._small: deque[_Waiting] = deque()
        self._parsers = CapacityLimiter(bounds.parsers)
        self._reading: asyncio.Task[None] | None = None

    async def take(self, body: Body) -> Taken:
        """Read a body and hand it over.

        Raises  Refusal: nothing of it was kept.
        """
        waiting = _Waiting(body, asyncio.get_running_loop().create_future())
        if len(body.data) > self._bounds.small_bytes:
            await self._read([waiting])
        else:
            self._small.append(waiting)
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_small())
        return await waiting.answer

    async def _read_small(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._small:
                start = loop.time()
                await self._read(self._next())
                await asyncio.sleep(max(self._bounds.gather_s, loop.time() - start))
        finally:
            self._reading = None

    def _next(self) -> list[_Waiting]:
        """What is read together: all that wait, up to a size."""
        group, size = [self._small.popleft()], 0
        while self._small and size + len(self._small[0].body.data) <= self._bounds.together_bytes:
            group.append(self._small.popleft())
            size += len(group[-1].body.data)
        return group

    async def _read(self, group: Sequence[_Waiting]) -> None:
        """Read bodies; whatever goes wrong is told to those who wait for them."""
        try:
            async with self._parsers:
                together = await to_thread.run_sync(self._reader.read_together, [one.body for one in group])
            taken = self._handed_over(together)
        except asyncio.CancelledError:
            for one in group:
                one.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the body came from
            _fail(group, error)
            return
        for one, told in zip(group, taken, strict=True):
            if isinstance(told, Exception):
                _fail([one], told)
            elif not one.answer.done():
                one.answer.set_result(told)

    def _handed_over(self, together: Together) -> list[Taken | Exception]:
        parcel, parts = together
        if all(isinstance(part, Exception) for part in parts):
            return [part for part in parts if isinstance(part, Exception)]
        handed = self._sink.submit(parcel)
        told = asyncio.wrap_future(handed)
        told.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits to hear it
        each = parcel.size_bytes / max(1, parcel.n_received)
        return [
            part if isinstance(part, Exception) else Taken(part, handed, told, round(each * part.n_received))
            for part in parts
        ]


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for one in group:
        if not one.answer.done():
            one.answer.set_exception(error)
