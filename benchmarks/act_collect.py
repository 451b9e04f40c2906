"""What an exchange costs the collector, from the socket to the disk: each format, durable, by stage, with memory.

::

    python benchmarks/act_collect.py [--exchanges 20000] [--rows 1 10 100 1000] [--senders 16] [--formats native ...]

The server is a process of its own, and its processor time is what is divided by: senders cost nothing here. An
exchange has a prompt of 700 bytes and an answer of 500. Every answer was waited for, so every exchange was flushed.
The stages are measured in one thread, without HTTP. ``--folder`` says on which disk.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from starlette.applications import Starlette

from stillwatch.service.collect.collector import CollectorOptions, local_collector
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.hourly import write_by_hour
from stillwatch.service.collect.log import Log
from stillwatch.service.collect.parcel import Parcel
from stillwatch.service.collect.places import Places
from stillwatch.service.collect.recent import RecentIds
from stillwatch.service.collect.routes import collect_routes
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of

SALT = b"salt of the benchmark, 32 bytes."
PROMPT, ANSWER = "words of a prompt " * 39, "words of an answer " * 26
TYPES = {BodyFormat.TRACES: "application/x-protobuf"}
PATHS = {
    BodyFormat.NATIVE: "/v1/exchanges",
    BodyFormat.LITELLM: "/v1/litellm",
    BodyFormat.TRACES: "/v1/traces",
    BodyFormat.TRACES_JSON: "/v1/traces",
}


def native(names: list[str], now: float) -> bytes:
    """Lines of our own."""
    rows = (
        {
            "exchange_id": name,
            "time": now,
            "account_id": f"acct-{hash(name) % 997}",
            "model": "m-1",
            "prompt_text": PROMPT,
            "output_text": ANSWER,
            "output_tokens": 120,
            "input_tokens": 170,
            "client_address": "203.0.113.7",
            "user_agent": "sdk/1.2.3",
            "temperature": 0.7,
        }
        for name in names
    )
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def litellm(names: list[str], now: float) -> bytes:
    """An array of payloads."""
    return orjson.dumps(
        [
            {
                "id": name,
                "call_type": "acompletion",
                "startTime": now,
                "model": "m-1",
                "custom_llm_provider": "openai",
                "model_parameters": {"temperature": 0.7, "max_tokens": 500},
                "messages": [{"role": "user", "content": PROMPT}],
                "response": {"choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]},
                "prompt_tokens": 170,
                "completion_tokens": 120,
                "metadata": {"user_api_key_hash": f"{hash(name) % 997:064x}", "requester_ip_address": "203.0.113.7"},
                "status": "success",
            }
            for name in names
        ]
    )


def attributes(name: str) -> dict[str, str]:
    """Attributes of a span of a model call."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "p",
        "gen_ai.request.model": "m-1",
        "gen_ai.response.id": name,
        "user.id": f"acct-{hash(name) % 997}",
        "client.address": "203.0.113.7",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": ANSWER}]}]),
    }


def traces(names: list[str], now: float) -> bytes:
    """An export in protobuf."""
    spans = [
        Span(
            trace_id=os.urandom(16),
            span_id=os.urandom(8),
            start_time_unix_nano=int(now * 1e9),
            attributes=[KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in attributes(name).items()],
        )
        for name in names
    ]
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])
    data: bytes = request.SerializeToString()
    return data


def traces_json(names: list[str], now: float) -> bytes:
    """An export in JSON."""
    spans = [
        {
            "traceId": os.urandom(16).hex(),
            "spanId": os.urandom(8).hex(),
            "startTimeUnixNano": str(int(now * 1e9)),
            "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes(name).items()],
        }
        for name in names
    ]
    return orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


MAKERS: dict[BodyFormat, Callable[[list[str], float], bytes]] = {
    BodyFormat.NATIVE: native,
    BodyFormat.LITELLM: litellm,
    BodyFormat.TRACES: traces,
    BodyFormat.TRACES_JSON: traces_json,
}


def bodies(kind: BodyFormat, n: int, rows: int) -> list[bytes]:
    """So many exchanges, each with an id of its own."""
    now = time.time()
    groups = ([f"{kind}-{rows}-{i + j}" for j in range(min(rows, n - i))] for i in range(0, n, rows))
    return [MAKERS[kind](names, now) for names in groups]


async def anybody(_headers: object, _source: str) -> None:
    """Everybody may."""


def serve(folder: str, port: int) -> None:
    """The server."""
    with local_collector(Path(folder), CollectorOptions(SALT)) as (collector, _):
        app = Starlette(routes=collect_routes(collector, anybody))
        server_of(app, Listen("127.0.0.1", port)).run()


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int, name: str) -> float:
    """VmHWM is the most that a process ever had, VmRSS what it has."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def send(port: int, kind: BodyFormat, sent: Iterator[bytes], took: list[float]) -> None:
    """One sender on one connection."""
    headers = {"Content-Type": TYPES.get(kind, "application/json")}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for body in sent:
        start = time.perf_counter()
        connection.request("POST", PATHS[kind], body, headers)
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - start)
        if answer.status != 200:
            raise SystemExit(answer.status)
    connection.close()


def over_http(port: int, pid: int, kind: BodyFormat, n: int, rows: int, senders: int) -> None:
    """Send and print."""
    made = bodies(kind, n, rows)
    took: list[float] = []
    threads = [threading.Thread(target=send, args=(port, kind, iter(made[i::senders]), took)) for i in range(senders)]
    before, start = cpu_s(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - start, cpu_s(pid) - before
    took.sort()
    print(
        f"{kind:<17} {rows:>4} a body  {n / wall:>8,.0f}/s  {n / cpu:>8,.0f}/s/core  {1e6 * cpu / n:>6.0f} us each  "
        f"answer p50 {1e3 * took[len(took) // 2]:>6.1f} ms  p99 {1e3 * took[int(len(took) * 0.99)]:>6.1f} ms  "
        f"memory {memory_mib(pid, 'VmRSS'):,.0f} MiB"
    )


def by_stage(folder: Path, kind: BodyFormat, n: int, rows: int) -> None:
    """Read, commit, write by hour, each alone."""
    intake, disk, places = CollectorOptions(SALT).intake(), PosixDisk(), Places(folder / f"stages-{kind}")
    made = bodies(kind, n, rows)
    intake.read(made[0], kind)
    start = time.thread_time()
    parcels: list[Parcel] = [intake.read(body, kind) for body in made]
    read = time.thread_time() - start
    log = Log(disk, places, RecentIds(1_000_000), 1, lambda: datetime.now(UTC))
    start, wall = time.thread_time(), time.perf_counter()
    for i in range(0, len(parcels), 8):
        log.commit(parcels[i : i + 8])
    commit, commit_wall = time.thread_time() - start, time.perf_counter() - wall
    sealed = log.seal()
    assert sealed is not None  # noqa: S101 - it has rows
    start = time.process_time()
    write_by_hour(disk, places, sealed)
    hourly = time.process_time() - start
    told = "  ".join(
        f"{name} {1e6 * s / n:6.1f} us" for name, s in (("read", read), ("commit", commit), ("by hour", hourly))
    )
    print(f"{kind:<17} {told}  flushes waited {1e6 * (commit_wall - commit) / n:5.1f} us")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--exchanges", type=int, default=20_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 10, 100, 1000], help="exchanges of a body")
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--formats", type=BodyFormat, nargs="+", default=list(MAKERS), choices=list(MAKERS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve[0], int(chosen.serve[1]))
        return
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        print("by stage, processor time of an exchange")
        for kind in chosen.formats:
            by_stage(Path(folder), kind, chosen.exchanges, max(chosen.rows))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen([sys.executable, __file__, "--serve", f"{folder}/served", str(port)])
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            send(port, BodyFormat.NATIVE, iter([native(["warm"], time.time())]), [])
            at_rest = memory_mib(process.pid, "VmRSS")
            print(f"over HTTP, durable, {chosen.senders} senders; memory without traffic {at_rest:,.0f} MiB")
            for kind in chosen.formats:
                for rows in chosen.rows:
                    n = min(chosen.exchanges, rows * chosen.exchanges // 10)  # a tenth as many bodies of one are enough
                    over_http(port, process.pid, kind, n, rows, chosen.senders)
            print(f"most memory {memory_mib(process.pid, 'VmHWM'):,.0f} MiB")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
