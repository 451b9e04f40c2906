"""The feed's endpoint: server-sent events that resume where a reader left off.

References
----------
HTML Living Standard, section 9.2 (server-sent events).
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.feed.tail import Entry, Tail
from stillwatch.share.taxii.answers import error, problem
from stillwatch.share.taxii.cursor import Cursors
from stillwatch.web.problem import Problem

__all__ = ["USE", "Feed", "Pace"]

USE: Final = "feed"
_TOGETHER: Final = 64
"""Events that are sent before the reader must have taken some."""
_NAMES: Final = 4_096
_HEAD: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Pace:
    """How a feed behaves in time.

    heartbeat_s     Silence after which a comment is sent, so that both ends know the other is there.
    stall_s         Time in which a reader must take what is sent; who does not is cut off, and may resume.
    """

    heartbeat_s: float = 15.0
    stall_s: float = 20.0


class Feed:
    """``GET /feed``: everything since ``Last-Event-ID`` (or ``?since=``; ``now`` for nothing of the past).

    Of a collection that is granted while a feed is open, it brings what comes from then on.
    """

    def __init__(self, tail: Tail, access: Access, cursors: Cursors, pace: Pace | None = None) -> None:
        self._tail = tail
        self._access = access
        self._cursors = cursors
        # An event has one id, whoever reads it.
        self._name = lru_cache(_NAMES)(lambda sequence: cursors.text(sequence, USE).encode())
        self._pace = pace or Pace()
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one reader until it goes, stalls, loses its rights, or the feed stops."""
        request = Request(scope, receive)
        try:
            if request.method != "GET":
                await error(HTTPStatus.METHOD_NOT_ALLOWED, "only GET", {"Allow": "GET"})(scope, receive, send)
                return
            member = await run_in_threadpool(self._access.member, scope, request.headers)
            scope["stillwatch.member"] = member.member_id
            place = self._place(request)
            self._count(member)
        except Problem as wrong:
            await problem(wrong)(scope, receive, send)
            return
        try:
            await self._serve(member, place, receive, send)
        finally:
            self._open[member.member_id] -= 1

    def _place(self, request: Request) -> int:
        told = request.headers.get("last-event-id") or request.query_params.get("since") or ""
        if told in ("", "start"):
            return 0
        place = self._tail.top if told == "now" else self._cursors.read(told, USE)
        if place is None:
            raise Problem(HTTPStatus.BAD_REQUEST, "Last-Event-ID must be the id of an event of this feed")
        return place

    def _count(self, member: Member) -> None:
        most = self._access.quotas.limits.streams
        if self._open[member.member_id] >= most:
            message = f"too many feeds: {most} may be open at a time"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, message, {"Retry-After": "5"})
        self._open[member.member_id] += 1

    async def _serve(self, member: Member, place: int, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        sending = asyncio.create_task(self._send(member, place, send))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, sending):
                task.cancel()
            results = await asyncio.gather(gone, sending, return_exceptions=True)
        wrong = results[1]
        if isinstance(wrong, Exception) and not isinstance(wrong, TimeoutError):
            raise wrong

    async def _send(self, member: Member, place: int, send: Send) -> None:
        await self._out(send, {"type": "http.response.start", "status": 200, "headers": _HEAD})
        await self._write(send, b"retry: 1000\n\n")
        roster, readable = -1, tuple[str, ...]()
        while not self._tail.stopped:
            entries, place_then = await self._tail.after(place, readable)
            if self._tail.roster != roster:
                # Looked at after the events were read: they are sent only to who may have them now.
                roster = self._tail.roster
                rights = await run_in_threadpool(self._rights, member)
                if rights is None:
                    break
                if rights != readable:
                    readable = rights
                    continue
            for start in range(0, len(entries), _TOGETHER):
                await self._write(send, b"".join(map(self._frame, entries[start : start + _TOGETHER])))
            place = place_then
            if place >= self._tail.top:
                await self._pause(send, place, roster)
        await self._out(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _pause(self, send: Send, place: int, roster: int) -> None:
        """Wait for news; say that we are there when there are none for long."""
        await self._tail.news(place, roster, self._pace.heartbeat_s)
        if self._tail.top <= place and self._tail.roster == roster and not self._tail.stopped:
            await self._write(send, b": here\n\n")

    def _rights(self, member: Member) -> tuple[str, ...] | None:
        now = self._access.login.renewed(member)
        if now is None:
            return None
        return tuple(c.collection_id for c in self._access.collections(now, fresh=True).values() if c.can_read)

    def _frame(self, entry: Entry) -> bytes:
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self._name(entry.sequence), entry.kind.encode(), entry.data)

    async def _write(self, send: Send, data: bytes) -> None:
        await self._out(send, {"type": "http.response.body", "body": data, "more_body": True})

    async def _out(self, send: Send, message: dict[str, object]) -> None:
        async with asyncio.timeout(self._pace.stall_s):
            await send(message)


async def _disconnected(receive: Receive) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass
