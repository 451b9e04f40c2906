"""How long from a publication to its delivery: three readers of the live feed, a fixed rate, one process on loopback.

::

    python benchmarks/share_forum.py [--rate 100] [--seconds 10] [--readers 3]

The forum is a process of its own, and so is every reader. A publication is one indicator in one request;
its clock starts before the request is made, so that what is measured holds the request, the commit to the disk and
the delivery. Publications do not wait for one another: what is late stays late in the figures.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import httpx
import numpy as np

from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.quotas import Limits
from stillwatch.share.access.roster import Roster
from stillwatch.share.feed.client import follow
from stillwatch.share.feed.position import MemoryPosition
from stillwatch.share.forum.app import forum_app
from stillwatch.share.forum.server import forum_server
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.store import Store
from stillwatch.web.listen import Listen

WARM_UP_S = 2.0
CONNECTIONS = 32
START_S = 6.0


def serve(database: str, port: int) -> None:
    """Run the forum, with a guard that lets everything pass."""
    store = Store(database)
    access = Access(store.engine, Limits(requests=10**9, objects=10**9, size_bytes=1 << 50))
    forum_server(forum_app(store, access, lambda _item: []), Listen("127.0.0.1", port)).run()


def indicator() -> dict[str, object]:
    """An indicator with twenty tags."""
    when = "2026-01-01T00:00:00.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": when,
        "modified": when,
        "valid_from": when,
        "pattern": "[x:y = 1]",
        "pattern_type": "stix",
        "x_sent": time.perf_counter(),  # one clock for all processes of a machine
        "x_tags": [uuid.uuid4().hex * 2 for _ in range(20)],
    }


async def read(url: str, token: str, n: int) -> list[float]:
    """Seconds that each of `n` events was on its way."""
    took: list[float] = []
    async with contextlib.aclosing(follow(url + "/feed", token, MemoryPosition())) as events:
        async for event in events:
            took.append(time.perf_counter() - event.document["x_sent"])
            if len(took) == n:
                break
    return took


async def publish(client: httpx.AsyncClient, path: str, answered: list[float]) -> None:
    """Publish one indicator."""
    item = indicator()
    start = time.perf_counter()
    answer = await client.post(path, content=json.dumps({"objects": [item]}), headers={"Content-Type": TAXII_TYPE})
    answer.raise_for_status()
    answered.append(time.perf_counter() - start)


async def measure(path: str, token: str, rate: float, n: int) -> list[float]:
    """Seconds until the answer, of each publication."""
    answered: list[float] = []
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, limits=limits) as client, asyncio.TaskGroup() as group:
        start = time.perf_counter()
        for i in range(n):
            await asyncio.sleep(max(0.0, start + i / rate - time.perf_counter()))
            group.create_task(publish(client, path, answered))
    return answered


def told(name: str, seconds: list[float], skipped: int) -> None:
    """Print the middle and the tail, in milliseconds."""
    p50, p99, most = np.percentile(np.array(seconds[skipped:]) * 1e3, [50, 99, 100])
    print(f"{name:<24} n {len(seconds) - skipped:>6}  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  max {most:7.1f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=100.0, help="indicators a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--serve", nargs=2, metavar=("DATABASE", "PORT"), help=argparse.SUPPRESS)
    parser.add_argument("--read", nargs=3, metavar=("URL", "TOKEN", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(json.dumps(asyncio.run(read(options.read[0], options.read[1], int(options.read[2])))))
        return
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        database = str(Path(folder) / "forum.db")
        store = Store(database)
        roster, collections = Roster(store.engine), Collections(store.engine)
        collection = collections.add("Campaigns")
        tokens = []
        for _ in range(options.readers + 1):
            member_id, token = roster.add_member("somebody")
            collections.grant(member_id, collection, read=True, write=True)
            tokens.append(token.text)
        store.close()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen([sys.executable, __file__, "--serve", database, str(port)])
        try:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/health/ready").is_success:
                        break
                time.sleep(0.1)
            n = int(options.rate * (options.seconds + WARM_UP_S))
            readers = [
                subprocess.Popen(
                    [sys.executable, __file__, "--read", url, token, str(n)], stdout=subprocess.PIPE, text=True
                )
                for token in tokens[1:]
            ]
            time.sleep(START_S)
            path = f"{url}/forum/collections/{collection}/objects/"
            answered = asyncio.run(measure(path, tokens[0], options.rate, n))
            took = [json.loads(reader.communicate(timeout=60)[0]) for reader in readers]
        finally:
            process.terminate()
            process.wait()
    skipped = int(options.rate * WARM_UP_S)
    told("publish to answer", answered, skipped)
    for number, seconds in enumerate(took, 1):
        told(f"publish to reader {number}", seconds, skipped)


if __name__ == "__main__":
    main()
