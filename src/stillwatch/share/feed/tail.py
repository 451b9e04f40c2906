"""The newest events in memory: read from the database once, for all readers together."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.share.taxii.moments import timestamp
from stillwatch.share.taxii.selection import Record
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import TOMBSTONE

__all__ = ["Entry", "Tail", "entry_of"]

_LOG: Final = logging.getLogger("stillwatch.forum")
_MOST: Final = 2_048
_MOST_BYTES: Final = 64 << 20
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """An event: an object that was added, or a tombstone.

    data        JSON without line breaks.
    """

    sequence: int
    kind: str
    collection_id: str
    object_id: str
    data: bytes


def entry_of(record: Record) -> Entry:
    """Event of a record."""
    told = {"collection": record.collection_id, "origin": record.origin, "date_added": timestamp(record.added_us)}
    if record.document is None:
        data = orjson.dumps(told | {"id": record.object_id, "version": record.version or None})
    else:
        data = orjson.dumps(told)[:-1] + b',"object":' + record.document + b"}"
    return Entry(record.sequence, record.kind, record.collection_id, record.object_id, data)


class Tail:
    """Follows the store: at once when this process publishes, within the interval when another does.

    roster      How often the roster had changed when the newest event was read; readers whose rights are of an
                older roster look again before they are sent anything.
    """

    def __init__(self, store: Store, interval_s: float = 0.2) -> None:
        self.roster = -1
        self.stopped = False
        self._store = store
        self._interval_s = interval_s
        self._entries: deque[Entry] = deque()
        self._size_bytes = 0
        self._floor = self._top = 0
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()

    @property
    def top(self) -> int:
        """Place of the newest event that is known."""
        return self._top

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Tail"]:
        """Follow while the context is open."""
        self._floor, self.roster = await asyncio.to_thread(self._store.marks)
        self._top = self._floor
        loop = asyncio.get_running_loop()
        end = self._store.listen(lambda: _hurry(loop, self._wake))
        following = asyncio.create_task(self._follow())
        try:
            yield self
        finally:
            end()
            self.stop()
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    def stop(self) -> None:
        """Send every reader away; they resume elsewhere, or here later."""
        self.stopped = True
        self._announce()

    async def after(self, place: int, collections: Sequence[str], limit: int = _BATCH) -> tuple[list[Entry], int]:
        """Events of some collections after a place, and the place up to which there are no others."""
        top = self._top
        if place < self._floor:
            records, _ = await asyncio.to_thread(self._store.after, place, collections, limit)
            # What is beyond the top has not been weighed against the roster yet.
            entries = [entry_of(record) for record in records if record.sequence <= top]
            return entries, entries[-1].sequence if entries else top
        wanted = frozenset(collections)
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.sequence <= place:
                break
            if entry.collection_id in wanted:
                found.append(entry)
        found.reverse()
        return (found[:limit], found[limit - 1].sequence) if len(found) > limit else (found, top)

    async def news(self, place: int, roster: int, timeout_s: float) -> None:
        """Wait until there is something after the place, the roster changes, the feed stops, or time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._top <= place and self.roster == roster and not self.stopped:
                    await self._changed.wait()

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            try:
                records, roster = await asyncio.to_thread(self._store.after, self._top, None, _BATCH)
            except SQLAlchemyError as error:
                _LOG.warning("the feed cannot read its database", extra={"error": type(error).__name__})
                records, roster = (), self.roster
            if records or roster != self.roster:
                self.roster = roster
                for record in records:
                    self._keep(entry_of(record))
                self._announce()
            if len(records) < _BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_s):
                        await self._wake.wait()

    def _keep(self, entry: Entry) -> None:
        if entry.kind == TOMBSTONE:
            self._forget(entry.collection_id, entry.object_id)
        self._entries.append(entry)
        self._size_bytes += len(entry.data)
        self._top = entry.sequence
        while len(self._entries) > _MOST or self._size_bytes > _MOST_BYTES:
            oldest = self._entries.popleft()
            self._size_bytes -= len(oldest.data)
            self._floor = oldest.sequence

    def _forget(self, collection_id: str, object_id: str) -> None:
        """Drop all of an object, whichever version was deleted: those who have not read it yet ask the database."""
        if any(e.collection_id == collection_id and e.object_id == object_id for e in self._entries):
            self._floor = self._top
            self._entries.clear()
            self._size_bytes = 0

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _hurry(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    """Wake from a publisher's thread; when the loop has ended nobody is there to be woken."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
