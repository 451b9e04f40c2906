"""More than there is room for, and senders that are slow on purpose."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import httpx
from tests.service.collect.rows import exchange, ndjson, options, stored
from tests.service.collect.served import TOKEN, served

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.settings import CollectSettings

WAIT_S = 30.0
HEAD = f"POST /v1/exchanges HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n".encode()


def read_to_end(sock: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    try:
        while part := sock.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def open_to(port: int) -> socket.socket:
    """A connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)


def test_a_slow_head_is_cut_off(tmp_path: Path) -> None:
    """A connection whose head does not end is closed, though a byte of it comes now and then."""
    with served(tmp_path, head_s=0.3) as here, open_to(here.port) as silent, open_to(here.port) as slow:
        ended = threading.Event()

        def trickle() -> None:
            try:
                while not ended.wait(0.05):
                    slow.sendall(b"P")
            except OSError:
                pass

        thread = threading.Thread(target=trickle)
        thread.start()
        assert read_to_end(silent) == b""
        told = read_to_end(slow)
        ended.set()
        thread.join()
        assert told == b"" or told.startswith(b"HTTP/1.1 400")
        assert here.post("/v1/exchanges", ndjson([exchange("a")])).status_code == 200
        threading.Event().wait(0.5)  # idle between requests is not a slow head
        assert here.post("/v1/exchanges", ndjson([exchange("b")])).status_code == 200


def test_a_slow_body_is_cut_off(tmp_path: Path) -> None:
    """A body that comes in drops is refused, and the memory it was promised is free again."""
    bounds = Bounds(gather_s=0.0, slow_s=0.3, slow_bytes_s=1e6)
    settings = CollectSettings(body_bytes=1000, queue_bytes=1000)
    with served(tmp_path, options(bounds=bounds, settings=settings)) as here:
        with open_to(here.port) as slow:
            slow.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
            told = read_to_end(slow)
        assert told.startswith(b"HTTP/1.1 408")
        assert b"faster than 1,000,000 bytes a second" in told
        assert here.post("/v1/exchanges", ndjson([exchange("a")])).status_code == 200


def test_a_body_that_is_cut_off_is_not_kept(tmp_path: Path) -> None:
    """When the sender goes away in the middle, not even whole lines of it are kept."""
    with served(tmp_path) as here:
        line = ndjson([exchange("half")])
        with open_to(here.port) as gone:
            gone.sendall(HEAD + f"Content-Length: {len(line) + 10}\r\n\r\n".encode() + line)
        assert here.post("/v1/exchanges", ndjson([exchange("a")])).status_code == 200
        here.settled()
        assert stored(tmp_path) == ["a"]


def test_no_memory_for_more_bodies(tmp_path: Path) -> None:
    """While the memory for bodies is promised to others a body is sent away for later; then it is taken."""
    settings = CollectSettings(body_bytes=1000, queue_bytes=1000)
    with served(tmp_path, options(settings=settings)) as here, open_to(here.port) as holding:
        body = ndjson([exchange("a")])
        holding.sendall(HEAD + b"Content-Length: 950\r\n\r\n{")
        until = time.monotonic() + WAIT_S
        while (answer := here.post("/v1/exchanges", body)).status_code == 200:
            assert time.monotonic() < until
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        holding.close()
        while (answer := here.post("/v1/exchanges", body)).status_code == 429:
            assert time.monotonic() < until
        assert answer.status_code == 200


def test_too_many_bodies_at_once(tmp_path: Path) -> None:
    """More bodies at once than allowed are sent away, however small."""
    with served(tmp_path, options(bounds=Bounds(bodies=1))) as here, open_to(here.port) as holding:
        holding.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")
        until = time.monotonic() + WAIT_S
        while (answer := here.post("/v1/exchanges", b"")).status_code == 200:
            assert time.monotonic() < until
        assert answer.status_code == 429


def test_a_body_that_the_queue_can_never_hold(tmp_path: Path) -> None:
    """It is too large for good, and not sent away for later again and again."""
    with served(tmp_path, options(settings=CollectSettings(body_bytes=2000, queue_bytes=1000))) as here:
        assert here.post("/v1/exchanges", b" " * 1500).status_code == 413


def test_overload(tmp_path: Path) -> None:
    """Much more at once than there is room for: each body is kept whole or sent away, and the answers say which."""
    settings = CollectSettings(body_bytes=20_000, queue_bytes=40_000)
    n, rows = 60, 5

    async def flood(port: int) -> list[int]:
        limits = httpx.Limits(max_connections=n)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=WAIT_S) as client:

            async def post(i: int) -> int:
                body = ndjson(exchange(f"{i}-{j}", prompt_text="x" * 2000) for j in range(rows))
                return (await client.post("/v1/exchanges", content=body, headers={"Authorization": TOKEN})).status_code

            return await asyncio.gather(*(post(i) for i in range(n)))

    with served(tmp_path, options(settings=settings)) as here:
        statuses = asyncio.run(flood(here.port))
        here.settled()
    assert set(statuses) == {200, 429}
    kept = [i for i, status in enumerate(statuses) if status == 200]
    assert sorted(stored(tmp_path)) == sorted(f"{i}-{j}" for i in kept for j in range(rows))
