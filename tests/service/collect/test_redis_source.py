"""Redis in front: several collectors, one writer, each exchange once whatever stops in between."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from tests.service.collect.redis_server import BINARY, NAME, WAIT_S, Server, running, sink_to, source_of, until
from tests.service.collect.rows import SALT, n_aside, options, parcel, stored

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import journal_in
from stillwatch.service.collect.redis_source import drain_running
from stillwatch.service.collect.redis_stream import StreamName
from stillwatch.service.collect.refusal import Refusal

QUICK = options(bounds=Bounds(gather_s=0.0))

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that flushes."""
    with running(tmp_path / "redis") as here:
        yield here


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


def test_another_salt(server: Server, tmp_path: Path) -> None:
    """A writer whose salt is not that of the collectors is not started: one account would be two."""
    with journal_in(tmp_path, QUICK) as journal:
        with drain_running(server.url, journal, SALT), drain_running(server.url, journal, SALT):
            pass
        with pytest.raises(InvalidInput, match="must have one salt"), drain_running(server.url, journal, b"other" * 8):
            pass
    assert server.client.get(f"{NAME.stream}:salt") not in (None, SALT)


def test_no_redis_at_the_start(server: Server, tmp_path: Path) -> None:
    """Without Redis the writer is not started, and it is said why."""
    server.stop()
    with (
        journal_in(tmp_path, QUICK) as journal,
        pytest.raises(UnreadableSource, match="Redis does not answer: ConnectionError"),
        drain_running(server.url, journal, SALT),
    ):
        pass


def test_what_the_writer_says_of_itself(server: Server, tmp_path: Path) -> None:
    """When Redis goes away the writer says so, and when it is back that all is well."""
    with journal_in(tmp_path, QUICK) as journal, drain_running(server.url, journal, SALT) as source:
        assert source.problem is None
        server.stop()
        until(lambda: source.problem == "Redis cannot be read: ConnectionError")
        server.start()
        until(lambda: source.problem is None)
