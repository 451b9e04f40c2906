"""A forum that is killed in the middle of everything: nothing is lost, nothing comes twice."""

import asyncio
import contextlib
import random
import signal
import threading
import time
from pathlib import Path

import httpx
from sqlalchemy import select
from tests.share.forum_process import free_port, start, wait_until_ready
from tests.share.hub import Hub, indicator, publish

from stillwatch.share.feed.client import follow
from stillwatch.share.feed.position import FilePosition
from stillwatch.share.taxii.filters import Filters
from stillwatch.share.taxii.tables import RECORDS

KILLS = 5
BATCH = 3


class Publisher(threading.Thread):
    """Publishes three objects at a time, the same three until the forum has answered."""

    def __init__(self, url: str, path: str, token: str) -> None:
        super().__init__()
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=5.0)
        self._path = path
        self.acknowledged: list[str] = []
        self.retries = 0
        self.done = threading.Event()

    def run(self) -> None:
        """Publish until told to stop."""
        n = 1
        while not self.done.is_set():
            batch = [indicator(n + i) for i in range(BATCH)]
            try:
                answer = publish(self._client, self._path, *batch)
            except httpx.TransportError:
                self.retries += 1
                time.sleep(0.01)
                continue
            assert answer.status_code == 202
            assert answer.json()["success_count"] == BATCH
            self.acknowledged += [item["id"] for item in batch]
            n += BATCH
        self._client.close()


def test_killed_at_random_points(tmp_path: Path) -> None:
    """Killed five times while a member publishes and another reads the feed: one order, each object once, for both."""
    database, port, chance = tmp_path / "forum.db", free_port(), random.Random(7)  # noqa: S311 - a test's
    hub = Hub(database)
    writer, reader = hub.member(), hub.member()
    process = start(database, port)
    wait_until_ready(port)
    publisher = Publisher(f"http://127.0.0.1:{port}", hub.objects, writer)
    read: list[str] = []

    async def reading(everything: asyncio.Event, position: FilePosition) -> None:
        events = follow(f"http://127.0.0.1:{port}/feed", reader, position, first_wait_s=0.02)
        async with contextlib.aclosing(events):
            async for event in events:
                read.append(event.document["id"])
                if everything.is_set() and read[-1] == publisher.acknowledged[-1]:
                    return

    async def both() -> None:
        nonlocal process
        everything = asyncio.Event()
        following = asyncio.create_task(reading(everything, FilePosition(tmp_path / "place")))
        publisher.start()
        for _ in range(KILLS):
            await asyncio.sleep(0.3 + chance.random())
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = start(database, port)
            await asyncio.to_thread(wait_until_ready, port)
        await asyncio.sleep(0.3)
        publisher.done.set()
        await asyncio.to_thread(publisher.join)
        everything.set()
        if not read or read[-1] != publisher.acknowledged[-1]:
            await asyncio.wait_for(following, 90)
        following.cancel()

    try:
        asyncio.run(both())
    finally:
        publisher.done.set()
        process.terminate()
        assert process.wait(20) == 0
    assert publisher.retries > 0
    with hub.store.engine.begin() as connection:
        rows = connection.execute(select(RECORDS.c.sequence, RECORDS.c.object_id).order_by(RECORDS.c.sequence)).all()
    stored = [row.object_id for row in rows]
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert len(stored) == len(set(stored))
    assert stored == publisher.acknowledged
    assert read == stored
    assert not hub.store.page(hub.campaigns, Filters(), len(rows)).records
    hub.store.close()
