"""A real server on loopback in a thread, and connections that say what they like."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from stillwatch.web.listen import Listen
from stillwatch.web.patience import ImpatientProtocol
from stillwatch.web.server import EndingServer, server_of

__all__ = ["WAIT_S", "Echo", "connected", "read_to_end", "running", "served"]

WAIT_S = 20.0


class Echo:
    """Answers with the path; keeps what came, and waits on paths that say so until it is let go.

    loop    Event loop that it is served on.
    """

    def __init__(self, loop: str = "auto") -> None:
        self.loop = loop
        self.seen: list[tuple[str, dict[bytes, bytes], bytes]] = []
        self.disconnected: list[str] = []
        self.go = threading.Event()
        self.began = threading.Event()

    @property
    def paths(self) -> list[str]:
        """Paths of requests whose bodies came whole."""
        return [path for path, _, _ in self.seen]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope["path"]
        if path != "/unread" and not await self._read(scope, receive):
            return
        body = path.encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if path == "/halves":
            await send({"type": "http.response.body", "body": body[:3], "more_body": True})
            self.began.set()
            await _until(self.go)
            body = body[3:]
        await send({"type": "http.response.body", "body": body})

    async def _read(self, scope: Any, receive: Any) -> bool:
        parts = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.append(scope["path"])
                return False
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        if scope["path"] == "/slow":
            self.began.set()
            await _until(self.go)
        self.seen.append((scope["path"], dict(scope["headers"]), b"".join(parts)))
        return True


async def _until(event: threading.Event) -> None:
    import asyncio  # noqa: PLC0415

    await asyncio.to_thread(event.wait, WAIT_S)


@contextlib.contextmanager
def running(server: EndingServer) -> Iterator[int]:
    """Run a server in a thread; gives its port."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        assert not thread.is_alive()


@contextlib.contextmanager
def served(echo: Echo, head_s: float = 10.0) -> Iterator[int]:
    """Serve for a block; gives the port."""
    protocol = type("Protocol", (ImpatientProtocol,), {"head_s": head_s})
    server = server_of(echo, Listen("127.0.0.1", 0), http=protocol)
    server.config.loop = echo.loop
    with running(server) as port:
        yield port


@contextlib.contextmanager
def connected(port: int, *said: bytes) -> Iterator[socket.socket]:
    """A connection that says something."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as sock:
        with contextlib.suppress(OSError):  # it may have been hung up by then
            for part in said:
                sock.sendall(part)
        yield sock


def read_to_end(sock: socket.socket) -> bytes:
    """Everything until the other side hangs up."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := sock.recv(65_536):
            parts.append(part)
    return b"".join(parts)
