"""The body of a request, read within bounds of size, of memory and of time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from stillwatch.errors import InvalidInput
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.budget import Budget
from stillwatch.service.collect.inflate import Gunzip
from stillwatch.service.collect.refusal import Refusal

__all__ = ["BodyReader", "Held", "drained"]

_MOST_DIGITS: Final = 18
_DRAIN_S: Final = 2.0
_DRAIN_BYTES_S: Final = 8 << 20


@dataclass(slots=True)
class Held:
    """A body in memory, counted against the budget until it is let go."""

    budget: Budget
    n_taken: int = 0
    parts: list[bytes] = field(default_factory=list, repr=False)
    size: int = 0

    def take(self, n: int) -> bool:
        """Count so many bytes in all."""
        more = max(0, n - self.n_taken)
        if not self.budget.take(more):
            return False
        self.n_taken += more
        return True

    def let_go(self) -> None:
        """Give everything back."""
        self.budget.give(self.n_taken)
        self.n_taken = 0
        self.parts.clear()


class BodyReader:
    """Reads bodies.

    size_bytes  Largest body, inflated; compressed it may not be larger either.
    """

    def __init__(self, budget: Budget, bounds: Bounds, size_bytes: int) -> None:
        self._budget, self._bounds, self._size = budget, bounds, size_bytes

    @contextlib.asynccontextmanager
    async def reading(self, request: Request) -> AsyncIterator[Held]:
        """The body, held until the end of the block.

        Raises  Refusal 400 when it is cut off or no gzip, 408 when it is too slow, 413 when it is too large, 415 for
                another compression, 429 when there is no memory for it now.
        """
        told, gunzip = self._told_bytes(request), _inflater(request)
        held = Held(self._budget)
        try:
            self._count(held, told)
            await self._receive(request, held, gunzip)
            yield held
        finally:
            held.let_go()

    def _told_bytes(self, request: Request) -> int:
        told = request.headers.get("content-length", "0")
        if not (told.isascii() and told.isdigit()):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length must be a number")
        if len(told) > _MOST_DIGITS or int(told) > self._size:
            raise self._too_large()
        return int(told)

    def _too_large(self) -> Refusal:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body must have {self._size:,} bytes at most, inflated")

    def _count(self, held: Held, n: int) -> None:
        if not held.take(n):
            reason = "too many bodies wait to be written"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, reason, self._bounds.retry_s)

    async def _receive(self, request: Request, held: Held, gunzip: Gunzip | None) -> None:
        start, n_received = asyncio.get_running_loop().time(), 0
        try:
            async with asyncio.timeout_at(start + self._bounds.slow_s) as limit:
                async for part in request.stream():
                    n_received += len(part)
                    if n_received > self._size:
                        raise self._too_large()
                    for piece in (part,) if gunzip is None else gunzip.feed(part):
                        self._keep(held, piece)
                    limit.reschedule(start + self._patience_s(n_received))
            for piece in gunzip.end() if gunzip else ():
                self._keep(held, piece)
        except TimeoutError:
            slow = f"a body must come faster than {self._bounds.slow_bytes_s:,.0f} bytes a second"
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, f"{slow} and within {self._bounds.body_s:,.0f} s") from None
        except ClientDisconnect:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body is cut off") from None
        except InvalidInput as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None

    def _patience_s(self, n_received: int) -> float:
        """Seconds since the start within which the next part must come."""
        return min(self._bounds.body_s, self._bounds.slow_s + n_received / self._bounds.slow_bytes_s)

    def _keep(self, held: Held, piece: bytes) -> None:
        held.size += len(piece)
        if held.size > self._size:
            raise self._too_large()
        self._count(held, held.size)
        held.parts.append(piece)


def _inflater(request: Request) -> Gunzip | None:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    makers: dict[str, Callable[[], Gunzip | None]] = {"identity": lambda: None, "": lambda: None, "gzip": Gunzip}
    if coding not in makers:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding must be gzip or identity")
    return makers[coding]()


async def drained(request: Request, most_bytes: int) -> None:
    """Read on for a moment what is thrown away, so that a sender who is refused gets to read why.

    Without it the connection is reset under whoever is still sending. It is read at a pace: senders who come again at
    once would otherwise take, with bodies that nobody wants, the time of decisions. One that asked whether it may send
    is not waited for.
    """
    if "expect" in request.headers:
        return
    n = 0
    with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(_DRAIN_S):
            async for part in request.stream():
                n += len(part)
                if n > most_bytes:
                    return
                await asyncio.sleep(len(part) / _DRAIN_BYTES_S)
