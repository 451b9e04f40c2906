"""What collectors in front promise: 200 only for what the real Redis keeps, 429 when too much waits in it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.collect.redis_server import BINARY, FORGETS, NAME, WAIT_S, Server, running, sink_to, until
from tests.service.collect.rows import parcel

from stillwatch.errors import InvalidInput
from stillwatch.service.collect.redis_sink import RedisSink
from stillwatch.service.collect.redis_stream import StreamName
from stillwatch.service.collect.refusal import Refusal

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")

ALWAYS = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that flushes."""
    with running(tmp_path / "redis") as here:
        yield here


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (ALWAYS, None),
        (FORGETS, "keeps nothing when it stops"),
        (("--appendonly", "yes", "--appendfsync", "everysec"), "set appendfsync always, it is everysec"),
        (("--appendonly", "yes", "--appendfsync", "no"), "set appendfsync always, it is no"),
        ((*ALWAYS, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"), "throws away what waits"),
        ((*ALWAYS, "--maxmemory", "64mb", "--maxmemory-policy", "noeviction"), None),
        ((*ALWAYS, "--rename-command", "CONFIG", ""), "CONFIG GET is not allowed"),
    ],
)
def test_what_is_promised(tmp_path: Path, setting: tuple[str, ...], told: str | None) -> None:
    """A parcel is called durable only when Redis flushes each command and says so, and else it is said why not."""
    with running(tmp_path / "redis", *setting) as server, sink_to(server) as sink:
        assert sink.submit(parcel("a")).result(WAIT_S).is_durable == (told is None)
        assert sink.takes
        assert (sink.problem is None) if told is None else told in str(sink.problem)


def test_a_promise_ends_with_the_setting(server: Server) -> None:
    """When somebody changes the setting while it runs, the next answer knows."""
    with sink_to(server) as sink:
        assert sink.submit(parcel("a")).result(WAIT_S).is_durable
        server.client.config_set("appendfsync", "everysec")
        assert not sink.submit(parcel("b")).result(WAIT_S).is_durable


def test_replicas(tmp_path: Path) -> None:
    """With a replica asked for, a parcel is durable when the replica has it, and not while there is none."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    name = StreamName(replicas=1)
    with (
        running(tmp_path / "redis", *ALWAYS, "--port", port, "--bind", "127.0.0.1") as server,
        sink_to(server, name) as sink,
    ):
        assert not sink.submit(parcel("a")).result(WAIT_S).is_durable
        with running(tmp_path / "replica", *ALWAYS, "--replicaof", "127.0.0.1", port) as replica:
            until(lambda: sink.submit(parcel("b")).result(WAIT_S).is_durable)
            assert replica.client.xlen(NAME.stream) == server.client.xlen(NAME.stream)


def test_too_many_wait(server: Server) -> None:
    """When nobody takes parcels, senders are sent away at a bound, and taken again when there is room."""
    with sink_to(server, StreamName(most_waiting=2)) as sink:
        for name in ("a", "b"):
            sink.submit(parcel(name)).result(WAIT_S)
        with pytest.raises(Refusal, match="too many bodies wait") as refused:
            sink.submit(parcel("c")).result(WAIT_S)
        assert refused.value.status == 429
        assert (sink.takes, sink.problem) == (False, "too much waits in Redis")
        server.client.delete(NAME.stream)
        until(lambda: sink.takes)
        sink.submit(parcel("c")).result(WAIT_S)


def until_refused(sink: RedisSink, rows: int) -> tuple[int, Refusal]:
    """Send until one is refused; how many were taken before."""
    for taken in range(10_000):
        try:
            sink.submit(parcel(*(f"{taken}-{i}" for i in range(rows)))).result(WAIT_S)
        except Refusal as refusal:
            return taken, refusal
    pytest.fail("all are taken")


def test_too_much_waits(server: Server) -> None:
    """The memory of what waits has a bound too."""
    with sink_to(server, StreamName(most_bytes=40_000)) as sink:
        taken, refusal = until_refused(sink, 1)
    assert refusal.status == 429
    assert 1 < taken < 100


def test_redis_has_no_memory_left(tmp_path: Path) -> None:
    """When Redis itself takes no more, senders are sent away for later and nothing that was taken goes."""
    with (
        running(tmp_path / "redis", *ALWAYS, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server,
        sink_to(server) as sink,
    ):
        taken, refusal = until_refused(sink, 200)
        assert refusal.status == 429
        assert server.client.xlen(NAME.stream) == taken > 0


def test_after_the_end(server: Server) -> None:
    """What waits at the end is added; what comes after it is refused."""
    with sink_to(server) as sink:
        answers = [sink.submit(parcel(f"{i}")) for i in range(50)]
    assert all(answer.result(0).is_durable for answer in answers)
    with pytest.raises(Refusal, match="is stopping"):
        sink.submit(parcel("late"))
    assert server.client.xlen(NAME.stream) == 50


def test_another_url() -> None:
    """A URL that is none is told as such, without the password that may be in it."""
    with pytest.raises(InvalidInput, match="a Redis URL must look like") as wrong:
        RedisSink("http://user:hidden@host")
    assert "hidden" not in str(wrong.value)
