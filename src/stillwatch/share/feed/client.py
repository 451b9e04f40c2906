"""Follow a feed: every event once and in order, over whatever the connection does."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import orjson

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.feed.events import Parser, Sent
from stillwatch.share.feed.position import Position

__all__ = ["Event", "follow"]

_SILENCE_S: Final = 60.0
_LONGEST_WAIT_S: Final = 30.0
_GIVE_UP: Final = frozenset((400, 401, 403, 404))


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at the forum.

    place       Where the feed goes on after this event.
    kind        ``object``, ``tombstone`` or ``message``.
    origin      Pseudonym of who published it, as the forum knows it; what an object says of itself may be a lie.
    document    The object; for a tombstone its `id` and `version`, None for all versions.
    """

    place: str
    kind: str
    collection_id: str
    origin: str
    date_added: str
    document: dict[str, Any]


async def follow(
    url: str,
    token: str | None,
    since: Position,
    *,
    http: httpx.AsyncClient | None = None,
    first_wait_s: float = 0.25,
) -> AsyncGenerator[Event, None]:
    """Events after the position, for as long as the caller wants them; the position moves when the next is asked for.

    A lost connection is made again after a while that doubles up to 30 s, with chance in it so that readers do not come
    all at once. Where the process dies between an event and the next, that event comes again: who must not see it twice
    saves `place` with its own work, in one transaction.

    url         The feed's address.
    token       None when `http` brings a certificate.
    Raises      InvalidInput when the forum refuses us: trying again would not help.
    """
    client = http or httpx.AsyncClient(timeout=httpx.Timeout(10.0, read=_SILENCE_S))
    wait_s = first_wait_s
    try:
        while True:
            try:
                async with contextlib.aclosing(_connection(client, url, token, since.load())) as events:
                    async for event in events:
                        yield event
                        since.save(event.place)
                        wait_s = first_wait_s
            except (httpx.HTTPError, UnreadableSource):
                pass
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
    finally:
        if http is None:
            await client.aclose()


async def _connection(
    client: httpx.AsyncClient, url: str, token: str | None, place: str | None
) -> AsyncGenerator[Event, None]:
    """Events of one connection."""
    headers = {"Accept": "text/event-stream"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Last-Event-ID": place} if place else {}
    async with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code in _GIVE_UP:
            message = f"the forum's feed refused us: {answer.status_code}"
            raise InvalidInput(message)
        if answer.status_code != HTTPStatus.OK:
            message = f"the forum's feed answered {answer.status_code}"
            raise UnreadableSource(message)
        parser = Parser()
        async for piece in answer.aiter_raw():
            for sent in parser.feed(piece):
                yield _event(sent)


def _event(sent: Sent) -> Event:
    try:
        told = orjson.loads(sent.data)
        is_gone = sent.name == "tombstone"
        document = {"id": told["id"], "version": told["version"]} if is_gone else told["object"]
        return Event(sent.event_id, sent.name, told["collection"], told["origin"], told["date_added"], document)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        message = f"an event of the feed cannot be read: {type(error).__name__}"
        raise UnreadableSource(message) from error
