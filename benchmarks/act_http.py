"""What HTTP costs a decision: processor time of the server for each request, by protocol, event loop and application.

Usage: ``.venv/bin/python -m benchmarks.act_http [--requests 20000] [--connections 16] [--per-s 2000] [--json FILE]``

Applications: `nothing` answers 200 and no more (what the server costs), `routed` is a route of Starlette, `gateways`
has all gateways' endpoints, a token that is checked by the real doorkeeper, and a decision that is constant. The client
is another process with as many keep-alive connections, each of which sends its next request when it has the answer; the
figure is the processor time of the server's process, so that the client does not count; on a machine that others use
too, the best batch is nearest to what it costs alone. Then requests come at a fixed rate whether answers come or not,
and the latency is counted from when each was due.
"""

import argparse
import asyncio
import importlib.util
import itertools
import json
import multiprocessing
import os
import resource
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import orjson
from sqlalchemy import MetaData
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stillwatch.act.gateways.registry import endpoints_of
from stillwatch.act.gateways.routes import gateway_routes
from stillwatch.act.trail import Trail
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.decision import Action, Decision, Request
from stillwatch.service.access.doorkeeper import Doorkeeper
from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.service.access.tables import SERVICE_TOKEN_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.patience import ImpatientProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]

NOW: Final = datetime(2026, 11, 27, 12, tzinfo=UTC)
BATCHES: Final = 20
ALL: Final = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
ANSWER: Final = Decision(Action.OBSERVE, "d-1", "r-1", "Nothing is known.", "p" * 16, NOW, NOW + timedelta(days=7))
ASKED: Final = orjson.dumps(
    {
        "account_id": "acme",
        "client_address": "192.0.2.7",
        "path": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"role": "user", "content": "Good morning. " * 30}], "temperature": 0.7},
    }
)


def nothing(_folder: Path) -> tuple[App, str]:
    """No framework."""

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        if scope["type"] != "http":
            return
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    return app, ""


def routed(_folder: Path) -> tuple[App, str]:
    """One route."""

    async def answer(request: Any) -> Response:  # noqa: ANN401
        await request.body()
        return Response(b"{}")

    return Starlette(routes=[Route("/v1/decide", answer, methods=["POST"])]), ""


def gateways(folder: Path) -> tuple[App, str]:
    """All gateways, tokens, one decision."""
    engine = open_database(folder / "service.db", MetaData())
    for tables in (LEDGER_TABLES, SERVICE_TOKEN_TABLES):
        tables.create_all(engine)
    issue = Issue("gateway", frozenset([Scope.DECIDE]), "ada")
    with engine.begin() as connection:
        token = issue_token(connection, Trail(SigningKey.generate()), issue, datetime.now(UTC))

    async def decide(_request: Request) -> Decision:
        return ANSWER

    doorkeeper = Doorkeeper(engine)
    return Starlette(routes=gateway_routes(endpoints_of(ALL), decide, doorkeeper.door(Scope.DECIDE))), token.text


APPS: Final = {"nothing": nothing, "routed": routed, "gateways": gateways}


def protocols() -> dict[str, type[asyncio.Protocol]]:
    """What there is on this machine."""
    return {"h11": H11Protocol, "httptools": HttpToolsProtocol, "ours": ImpatientProtocol}


def serve(name: str, protocol: str, loop: str, told: Connection) -> None:
    """The server's process: tells its port and the token, then its processor time whenever it is asked."""
    with tempfile.TemporaryDirectory() as folder:
        app, token = APPS[name](Path(folder))
        config = Config(
            app,
            host="127.0.0.1",
            port=0,
            http=protocols()[protocol],
            loop=loop,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        server = Server(config)

        def answer() -> None:
            if told.recv() == "end":
                server.should_exit = True
                return
            used = resource.getrusage(resource.RUSAGE_SELF)
            told.send(used.ru_utime + used.ru_stime)

        async def run() -> None:
            asyncio.get_running_loop().add_reader(told.fileno(), answer)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)
            told.send((server.servers[0].sockets[0].getsockname()[1], token))
            await serving

        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())


@contextmanager
def serving(name: str, protocol: str, loop: str) -> Iterator[tuple[int, str, Callable[[], float]]]:
    """Port, token, and the server's processor time."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(name, protocol, loop, there))
    process.start()
    try:
        port, token = here.recv()

        def cpu_s() -> float:
            here.send("cpu")
            return float(here.recv())

        yield port, token, cpu_s
    finally:
        here.send("end")
        process.join(20)
        here.close()
        there.close()


def message(token: str) -> bytes:
    """A request as gateways send it."""
    head = f"POST /v1/decide HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: gateway/1\r\nX-Stillwatch-Token: {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(ASKED)}\r\n\r\n".encode() + ASKED


class Client:
    """Keep-alive connections, each with one request on its way at most."""

    def __init__(self, port: int, token: str, n: int) -> None:
        self._message = message(token)
        self._selector = selectors.DefaultSelector()
        self.idle: deque[socket.socket] = deque()
        for _ in range(n):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(sock, selectors.EVENT_READ)
            self.idle.append(sock)
        self._length = self._first()
        self._got = dict.fromkeys(self.idle, 0)

    def _first(self) -> int:
        """Length of an answer: all are alike."""
        sock = self.idle[0]
        sock.sendall(self._message)
        told = b""
        while b"\r\n\r\n" not in told:
            told += sock.recv(65_536)
        head, _, body = told.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(told[:200].decode("latin-1"))
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += sock.recv(65_536)
        return len(head) + 4 + length

    def send(self) -> socket.socket:
        """Send one on an idle connection."""
        sock = self.idle.popleft()
        sock.send(self._message)
        return sock

    def answers(self, wait_s: float | None = None) -> Iterator[socket.socket]:
        """Connections whose answer is there."""
        for key, _ in self._selector.select(wait_s):
            sock: Any = key.fileobj
            self._got[sock] += len(sock.recv(65_536))
            if self._got[sock] == self._length:
                self._got[sock] = 0
                self.idle.append(sock)
                yield sock

    def close(self) -> None:
        """Hang up."""
        for sock in self.idle:
            sock.close()
        self._selector.close()


class Asks(Protocol):
    """Connections, each with one request on its way at most."""

    idle: deque[socket.socket]

    def send(self) -> socket.socket:
        """Send one on an idle connection."""
        ...

    def answers(self, wait_s: float | None) -> Iterator[socket.socket]:
        """Connections whose answer is there."""
        ...


def as_fast_as_it_goes(client: Client, n: int) -> float:
    """Seconds that so many take."""
    sent, got, start = 0, 0, time.perf_counter()
    while got < n:
        while client.idle and sent < n:
            client.send()
            sent += 1
        got += sum(1 for _ in client.answers())
    return time.perf_counter() - start


def at_a_rate(client: Asks, n: int, per_s: float) -> list[float]:
    """Seconds from when a request was due to its answer, sorted."""
    due: dict[socket.socket, float] = {}
    took: list[float] = []
    start, sent = time.perf_counter(), 0
    while len(took) < n:
        now = time.perf_counter()
        while client.idle and sent < n and start + sent / per_s <= now:
            due[client.send()] = start + sent / per_s
            sent += 1
        wait_s = max(0.0, start + sent / per_s - time.perf_counter()) if sent < n and client.idle else None
        for sock in client.answers(wait_s):
            took.append(time.perf_counter() - due[sock])  # noqa: PERF401 - the clock is read as they come
    return sorted(took)


class Row(NamedTuple):
    """One line of the table; `us_each` is the median of the batches, `us_best` and `per_s_core` are of the best one."""

    app: str
    protocol: str
    loop: str
    us_each: float
    us_best: float
    per_s_core: float
    p50_ms: float
    p99_ms: float


def measured(app: str, protocol: str, loop: str, chosen: argparse.Namespace) -> Row:
    """Measure one."""
    n = chosen.requests
    with serving(app, protocol, loop) as (port, token, cpu_s):
        client = Client(port, token, chosen.connections)
        as_fast_as_it_goes(client, n // 10)
        each = []
        for _ in range(BATCHES):
            before = cpu_s()
            as_fast_as_it_goes(client, n // BATCHES)
            each.append((cpu_s() - before) / (n // BATCHES))
        took = at_a_rate(client, min(n, 5 * int(chosen.per_s)), chosen.per_s)
        client.close()
    p50, p99 = (1e3 * took[int(len(took) * share)] for share in (0.5, 0.99))
    return Row(app, protocol, loop, 1e6 * statistics.median(each), 1e6 * min(each), 1 / min(each), p50, p99)


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--per-s", type=float, default=2_000)
    parser.add_argument("--only", default="", help="words that must stand in a line")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    loops = ["asyncio", "uvloop"] if _has_uvloop() else ["asyncio"]
    rows = []
    print("application  protocol   loop      us each   best  /s/core   p50 ms   p99 ms")
    for app, protocol, loop in itertools.product(APPS, protocols(), loops):
        if not {*chosen.only.split()} <= {app, protocol, loop}:
            continue
        row = measured(app, protocol, loop, chosen)
        rows.append(row)
        figures = f"{row.us_each:8.0f} {row.us_best:6.0f} {row.per_s_core:8,.0f} {row.p50_ms:8.2f} {row.p99_ms:8.2f}"
        print(f"{app:<12} {protocol:<10} {loop:<8} {figures}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([row._asdict() for row in rows]))
    return os.EX_OK


def _has_uvloop() -> bool:
    return importlib.util.find_spec("uvloop") is not None


if __name__ == "__main__":
    sys.exit(main())
