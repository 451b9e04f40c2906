"""Redis in front: several collectors, one writer, each exchange once whatever stops in between."""

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from tests.service.collect.rows import n_aside, options, parcel, stored

from stillwatch.errors import InvalidInput
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import journal_in
from stillwatch.service.collect.journal import Journal
from stillwatch.service.collect.redis_log import RedisSink, RedisSource, StreamName
from stillwatch.service.collect.refusal import Refusal

BINARY = shutil.which("redis-server")
WAIT_S = 30.0
QUICK = options(bounds=Bounds(gather_s=0.0))
NAME = StreamName()

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")


class Server:
    """A Redis on a socket in a folder, which may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder / 's'}"
        self.client = redis.Redis.from_url(self.url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, flushes: bool = True) -> None:
        """Start, with every command flushed or nothing written at all."""
        log = ["--appendonly", "yes", "--appendfsync", "always"] if flushes else ["--appendonly", "no", "--save", ""]
        command = [str(BINARY), "--port", "0", "--unixsocket", "s", "--dir", ".", *log]
        self._process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def is_empty(self) -> bool:
        """Whether everything was taken."""
        with contextlib.suppress(redis.RedisError):
            return self.client.xlen(NAME.stream) == 0
        return False


def until(holds: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that flushes."""
    folder = tmp_path / "redis"
    folder.mkdir()
    here = Server(folder)
    here.start()
    yield here
    here.stop()
    here.client.close()


@contextlib.contextmanager
def sink_to(server: Server, name: StreamName = NAME) -> Iterator[RedisSink]:
    """A collector's end."""
    sink = RedisSink(server.url, name)
    try:
        yield sink
    finally:
        sink.close()


@contextlib.contextmanager
def source_of(server: Server, journal: Journal, name: StreamName = NAME) -> Iterator[RedisSource]:
    """The writer's end."""
    source = RedisSource(server.url, journal, name)
    source.start()
    try:
        yield source
    finally:
        source.close()


def test_several_collectors_and_one_writer(server: Server, tmp_path: Path) -> None:
    """What several collectors hand over is there once, a retry to another collector included."""
    with journal_in(tmp_path, QUICK) as journal, source_of(server, journal):
        with sink_to(server) as one, sink_to(server) as two:
            answers = [sink.submit(parcel(f"{i}", n_aside=1)) for i in range(20) for sink in (one, two)]
            outcomes = [answer.result(WAIT_S) for answer in answers]
        assert all((o.n_accepted, o.n_quarantined, o.is_durable, o.is_final) == (1, 1, True, False) for o in outcomes)
        until(server.is_empty)
    assert sorted(stored(tmp_path)) == sorted(f"{i}" for i in range(20))
    assert n_aside(tmp_path) == 40


def test_a_redis_that_does_not_flush_promises_nothing(tmp_path: Path) -> None:
    """Without a flush for every command nobody is told that anything is durable."""
    server = Server(tmp_path)
    server.start(flushes=False)
    try:
        with sink_to(server) as sink:
            assert not sink.submit(parcel("a")).result(WAIT_S).is_durable
    finally:
        server.stop()
        server.client.close()


def test_killed_between_flush_and_acknowledgement(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that committed and could not say so reads the same parcels again; their exchanges are known."""
    with sink_to(server) as sink:
        for i in range(5):
            sink.submit(parcel(f"{i}")).result(WAIT_S)
    calls: list[int] = []

    def lost(*_given: object, **_named: object) -> None:
        calls.append(1)
        raise redis.ConnectionError

    with journal_in(tmp_path, QUICK) as journal:
        with monkeypatch.context() as patched, source_of(server, journal):
            patched.setattr(redis.client.Pipeline, "execute", lost)
            until(lambda: bool(calls))
        assert server.client.xpending(NAME.stream, NAME.group)["pending"] == 5
        assert journal.settle()
        assert len(stored(tmp_path)) == 5
    with journal_in(tmp_path, QUICK) as journal, source_of(server, journal):
        until(server.is_empty)
    assert sorted(stored(tmp_path)) == [f"{i}" for i in range(5)]


def test_parcels_of_another_writer_are_taken_over(server: Server, tmp_path: Path) -> None:
    """What a writer of another name took and never finished is taken after a while."""
    with sink_to(server) as sink:
        sink.submit(parcel("a")).result(WAIT_S)
    server.client.xgroup_create(NAME.stream, NAME.group, id="0")
    assert server.client.xreadgroup(NAME.group, "gone", {NAME.stream: ">"})
    name = StreamName(idle_s=0.001)
    with journal_in(tmp_path, QUICK) as journal, source_of(server, journal, name):
        until(server.is_empty)
    assert stored(tmp_path) == ["a"]


def test_redis_goes_away_and_comes_back(server: Server, tmp_path: Path) -> None:
    """Without Redis senders are sent away for later; with it again, everything that was promised arrives."""
    with journal_in(tmp_path, QUICK) as journal, sink_to(server) as sink:
        sink.submit(parcel("before")).result(WAIT_S)
        server.stop()
        with source_of(server, journal):
            with pytest.raises(Refusal, match="the log in front does not take it") as refused:
                sink.submit(parcel("lost")).result(WAIT_S)
            assert (refused.value.status, refused.value.retry_after_s) == (503, 2)
            server.start()
            sink.submit(parcel("after")).result(WAIT_S)
            until(server.is_empty)
    assert sorted(stored(tmp_path)) == ["after", "before"]


def test_the_disk_behind_is_full(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk takes nothing parcels stay in Redis; then they are taken."""
    full = threading.Event()
    full.set()

    def free(*_given: object) -> int:
        return 0 if full.is_set() else 1 << 40

    monkeypatch.setattr("stillwatch.service.collect.disk.PosixDisk.free_bytes", free)
    with journal_in(tmp_path, QUICK) as journal, source_of(server, journal), sink_to(server) as sink:
        sink.submit(parcel("a")).result(WAIT_S)
        until(lambda: not journal.takes)
        assert not server.is_empty()
        full.clear()
        until(server.is_empty)
    assert stored(tmp_path) == ["a"]


def test_too_many_wait(server: Server) -> None:
    """When nobody takes parcels, senders are sent away at a bound."""
    with sink_to(server, StreamName(most_waiting=2)) as sink:
        for name in ("a", "b"):
            sink.submit(parcel(name)).result(WAIT_S)
        with pytest.raises(Refusal, match="too many bodies wait") as refused:
            sink.submit(parcel("c")).result(WAIT_S)
    assert refused.value.status == 429


def test_entries_of_something_else_are_left_out(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no parcel does not stop those behind it, and is told without its content."""
    server.client.xadd(NAME.stream, {"parcel": b"secret"})
    server.client.xadd(NAME.stream, {"other": b"secret"})
    with sink_to(server) as sink, journal_in(tmp_path, QUICK) as journal, source_of(server, journal):
        sink.submit(parcel("a")).result(WAIT_S)
        until(server.is_empty)
    assert stored(tmp_path) == ["a"]
    assert caplog.text.count("is left out") == 2
    assert "secret" not in caplog.text


def test_another_url() -> None:
    """A URL that is none is told as such."""
    with pytest.raises(InvalidInput, match="a Redis URL must look like"):
        RedisSink("http://host")
