"""The whole service as a process: decisions over HTTP, a million accounts and 100,000 streams, alone and overloaded.

Usage: ``.venv/bin/python -m benchmarks.act_serve [--accounts N] [--streams N] [--per-s N] [--requests N] [--json F]``

`stillwatch serve` is started on a folder whose index and table of accounts were made by hand (`act_facts`). Of ten
questions one is of an account with accused streams; each brings a prompt of sixty words. Questions come at a fixed rate
over sixteen connections whether answers come or not, and the latency is counted from when each was due. `alone` asks
for decisions only; `collecting` does so while another process sends bodies of 500 exchanges as fast as it is answered;
`overloaded` while eight do, with more bodies than the queue holds. Processor time is the service's own, of all its
threads.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from benchmarks.act_facts import index_of, requests, write_accounts
from benchmarks.act_http import at_a_rate

from stillwatch.act.trail import Trail
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.service.home import open_home
from stillwatch.service.settings import read_settings

CONNECTIONS: Final = 16
ROWS: Final = 500
TICK: Final = os.sysconf("SC_CLK_TCK")


class Row(NamedTuple):
    """One line of the table; latencies in milliseconds, processor time of the service in microseconds a decision."""

    what: str
    decisions_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    worst_ms: float
    cpu_us: float
    bodies: dict[int, int]


class Client:
    """Keep-alive connections, each with one question on its way at most."""

    def __init__(self, port: int, messages: list[bytes]) -> None:
        self._messages, self._at = messages, 0
        self._selector = selectors.DefaultSelector()
        self.idle: deque[socket.socket] = deque()
        self._got: dict[socket.socket, bytes] = {}
        for _ in range(CONNECTIONS):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(sock, selectors.EVENT_READ)
            self.idle.append(sock)

    def send(self) -> socket.socket:
        """Send the next one on an idle connection."""
        sock = self.idle.popleft()
        sock.sendall(self._messages[self._at % len(self._messages)])
        self._at += 1
        self._got[sock] = b""
        return sock

    def answers(self, wait_s: float | None) -> Iterator[socket.socket]:
        """Connections whose answer is there, each of which must be a decision."""
        for key, _ in self._selector.select(wait_s):
            sock: Any = key.fileobj
            told = self._got[sock] = self._got[sock] + sock.recv(65_536)
            head, found, body = told.partition(b"\r\n\r\n")
            if found and len(body) >= int(head.lower().partition(b"content-length:")[2].split()[0]):
                if not head.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(told[:300].decode("latin-1"))
                self.idle.append(sock)
                yield sock

    def close(self) -> None:
        """Hang up."""
        for sock in self.idle:
            sock.close()
        self._selector.close()


def questions(token: str, n_accounts: int, n_streams: int) -> list[bytes]:
    """As gateways send them."""
    any_account = requests(n_accounts, n_streams, accused=False)
    accused = requests(n_accounts, n_streams, accused=True)
    found = []
    for i in range(2_000):
        asked = (accused if i % 10 == 0 else any_account)[i]
        body = orjson.dumps({"account_id": asked.account_id, "prompt_text": asked.prompt_text, "temperature": 1.0})
        head = f"POST /v1/decide HTTP/1.1\r\nHost: h\r\nX-Stillwatch-Token: {token}\r\n"
        found.append(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return found


def collect(port: int, token: str, seed: int, told: Any, stop: Event) -> None:  # noqa: ANN401 - a pipe's end
    """Send bodies until told to stop; how many were answered how."""
    now = datetime.now(UTC).isoformat()
    line = {"exchange_id": "@@@@", "time": now, "account_id": "account-0000007", "prompt_text": "alder birch " * 20}
    rows = b"\n".join(orjson.dumps(line | {"exchange_id": f"@@@@-{i}"}) for i in range(ROWS))
    counts: Counter[int] = Counter()
    told.send("ready")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not stop.is_set():
        body = rows.replace(b"@@@@", f"{seed}-{counts.total()}-{os.getpid()}".encode())
        try:
            connection.request("POST", "/v1/exchanges", body, {"x-stillwatch-token": token})
            answer = connection.getresponse()
            answer.read()
            counts[answer.status] += 1
        except (http.client.HTTPException, OSError):
            counts[0] += 1
            connection.close()
    told.send(dict(counts))


@contextmanager
def collectors(n: int, port: int, token: str) -> Iterator[dict[int, int]]:
    """So many processes that send bodies for the block; at its end how many were answered how."""
    spawn = multiprocessing.get_context("spawn")
    stop, found = spawn.Event(), Counter[int]()
    pipes = [spawn.Pipe() for _ in range(n)]
    made = [spawn.Process(target=collect, args=(port, token, i, there, stop)) for i, (_, there) in enumerate(pipes)]
    for process in made:
        process.start()
    for here, _ in pipes:
        here.recv()
    time.sleep(1.0 if n else 0.0)
    told: dict[int, int] = {}
    try:
        yield told
    finally:
        stop.set()
        for (here, there), process in zip(pipes, made, strict=True):
            found.update(here.recv())
            process.join()
            here.close()
            there.close()
        told.update(found)


@contextmanager
def service(folder: Path, n_accounts: int, n_streams: int) -> Iterator[tuple[int, str, int]]:
    """Port, token and process id of a service on a folder."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    write_accounts(folder / "accounts.parquet", n_accounts)
    settings = folder / "service.toml"
    tables = '[watch]\nevery_s = 86400\n[decide]\naccounts = "accounts.parquet"\n'
    settings.write_text(f'folder = "service"\nlisten = "127.0.0.1:{port}"\n{tables}')
    with open_home(read_settings(settings), is_first=True) as home:
        issue = Issue("everything", frozenset(Scope), "ada")
        with home.engine.begin() as connection:
            token = issue_token(connection, Trail(home.key), issue, datetime.now(UTC)).text
        home.watch.mkdir()
        IndexFolder(home.index).write(*index_of(n_accounts, n_streams, 1))
    command = [str(Path(sys.executable).with_name("stillwatch")), "serve", "--settings", str(settings)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait(port, token)
        yield port, token, process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int, token: str) -> None:
    """Until index and accounts are in use."""
    told = {}
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.5)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/v1/status", headers={"x-stillwatch-token": token})
            told = json.loads(connection.getresponse().read())
            if "watch" not in told["problems"]:
                return
        except OSError:
            continue
        finally:
            connection.close()
    message = f"the service does not open what it knows: {told}"
    raise SystemExit(message)


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mib(pid: int) -> float:
    """Memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def measured(what: str, client: Client, pid: int, n: int, per_s: float) -> Row:
    """Decisions at a rate."""
    before, start = cpu_s(pid), time.perf_counter()
    took = at_a_rate(client, n, per_s)
    seconds, used = time.perf_counter() - start, cpu_s(pid) - before
    p50, p99, p999 = (1e3 * took[int(len(took) * share)] for share in (0.5, 0.99, 0.999))
    return Row(what, n / seconds, p50, p99, p999, 1e3 * took[-1], 1e6 * used / n, {})


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--streams", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--per-s", type=float, default=2_000)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory() as made,
        service(Path(made), chosen.accounts, chosen.streams) as (port, token, pid),
    ):
        client = Client(port, questions(token, chosen.accounts, chosen.streams))
        at_a_rate(client, 2_000, chosen.per_s)
        print("                        per s   p50 ms   p99 ms  p99.9 ms  worst ms  cpu us each  bodies by status")
        for what, n_senders, per_s in (
            ("alone", 0, chosen.per_s / 2),
            ("as fast as it goes", 0, 1e9),
            ("collecting", 1, chosen.per_s / 4),
            ("overloaded", 8, chosen.per_s / 4),
        ):
            with collectors(n_senders, port, token) as bodies:
                row = measured(what, client, pid, chosen.requests, per_s)
            rows.append(row := row._replace(bodies=bodies))
            figures = f"{row.decisions_per_s:8,.0f} {row.p50_ms:8.2f} {row.p99_ms:8.2f} {row.p999_ms:9.2f}"
            print(f"{what:<20} {figures} {row.worst_ms:9.1f} {row.cpu_us:12.0f}  {row.bodies or ''}", flush=True)
        memory = resident_mib(pid)
        print(f"memory of the service: {memory:,.0f} MiB")
        client.close()
    if chosen.json:
        chosen.json.write_text(json.dumps({"rows": [row._asdict() for row in rows], "memory_mib": memory}))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
