"""A server that ends as it is told to."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.web.serving import WAIT_S, Echo, connected, read_to_end, running

from stillwatch.errors import UnreadableSource
from stillwatch.web.listen import Listen
from stillwatch.web.server import Tls, server_of

ROOT = Path(__file__).parents[2]
HERE = Listen("127.0.0.1", 0)


def test_what_is_being_answered_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """At the end long readers are told first, open requests are waited for, and nothing new is taken."""
    echo, ended = Echo(), threading.Event()

    def end() -> None:
        ended.set()
        echo.go.set()

    server = server_of(echo, HERE, on_end=end)
    with running(server) as port, connected(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") as sock:
        assert echo.began.wait(WAIT_S)
        assert not ended.is_set()
        server.should_exit = True
        assert read_to_end(sock).endswith(b"/slow")
    assert ended.is_set()
    assert not [record for record in caplog.records if record.exc_info]


def test_answers_do_not_say_what_runs() -> None:
    """Neither the server's name nor its version is in an answer."""
    said = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with running(server_of(Echo(), HERE)) as port, connected(port, said) as sock:
        told = read_to_end(sock).lower()
    assert b"server:" not in told
    assert b"uvicorn" not in told


def test_a_forged_address_is_not_believed() -> None:
    """X-Forwarded-For changes nothing about where a call came from."""
    seen = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append(scope)
        await Echo()(scope, receive, send)

    forged = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=203.0.113.9\r\n"
    said = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + forged + b"\r\n"
    with running(server_of(app, HERE)) as port, connected(port, said) as sock:
        assert read_to_end(sock)
    (scope,) = [one for one in seen if isinstance(one, dict) and one["type"] == "http"]
    assert (scope["client"][0], scope["scheme"]) == ("127.0.0.1", "http")


def test_more_callers_than_there_is_room_for() -> None:
    """Those beyond the limit are told to come later while others are being answered."""
    echo = Echo()
    head = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with running(server_of(echo, replace(HERE, most=2))) as port, connected(port, b"GET /slow" + head) as first:
        assert echo.began.wait(WAIT_S)
        with connected(port, b"GET /more" + head) as second:
            assert read_to_end(second).startswith(b"HTTP/1.1 503")
        echo.go.set()
        assert read_to_end(first).endswith(b"/slow")
    assert echo.paths == ["/slow"]


def test_files_of_tls_that_are_not_there() -> None:
    """An error of ours, and none of the library's."""
    with pytest.raises(UnreadableSource, match="TLS"):
        server_of(Echo(), HERE, Tls(Path("none.pem"), Path("none.key")))


PROGRAM = """
from tests.web.serving import Echo
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of
server = server_of(Echo(), Listen("127.0.0.1", 0))
startup = server.startup
async def told(sockets=None):
    await startup(sockets)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
server.startup = told
server.run()
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_ends_as_it_was_told_exits_with_nothing(number: signal.Signals) -> None:
    """After a signal the program goes on behind the server and exits with 0."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with connected(port, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n") as sock:
            assert sock.recv(65_536).startswith(b"HTTP/1.1 200")
        process.send_signal(number)
        assert process.communicate(timeout=WAIT_S)[0] == "ended\n"
    assert process.returncode == 0
